import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { FunctionDefinition } from '../../../local/aws/template/read-functions.ts';

/**
 * Where a watched function is blocked at an outgoing call until it is decided whether it crashes there.
 * The function is a thread of its own, so it stops in the middle of a statement, as a killed process
 * does. The worker sends a message and blocks; the main thread decides and releases.
 */
export type SyncGate = {
  /** The worker blocks as long as its number says so. */
  readonly state: Int32Array<SharedArrayBuffer>;
  /** The worker's end of the channel of `GateMessage`s. */
  readonly port: MessagePort;
};

type GateMessage =
  /** The worker is blocked at its gate before a call. */
  | { readonly kind: 'before-call'; readonly id: number; readonly call: string }
  /** The worker has the response, or knows that there is none. It is not blocked. */
  | { readonly kind: 'call-over'; readonly id: number }
  /** The worker has the response after which it crashes, and is blocked at its gate for good. */
  | { readonly kind: 'after-call' };

const blocked = 0;
const released = 1;
const releasedToCrash = 2;

/** In the worker: blocks until a decision; returns whether it crashes after the call. */
export function waitForDecision(gate: SyncGate, id: number, call: string): boolean {
  report(gate, { kind: 'before-call', id, call });
  Atomics.wait(gate.state, 0, blocked);
  return Atomics.load(gate.state, 0) === releasedToCrash;
}

/** In the worker: says that a call is over. */
export function reportOver({ port }: SyncGate, id: number): void {
  port.postMessage({ kind: 'call-over', id } satisfies GateMessage);
}

/** In the worker: blocks until the main thread terminates it. */
export function blockForever(gate: SyncGate): never {
  report(gate, { kind: 'after-call' });
  for (;;) Atomics.wait(gate.state, 0, blocked);
}

function report({ state, port }: SyncGate, message: GateMessage): void {
  Atomics.store(state, 0, blocked);
  port.postMessage(message);
}

/** What a function does at one of its outgoing calls. */
type CallDecision = 'continue' | 'crash before' | 'crash after';

/** The outgoing calls of one invocation. Their ids are those of the sandbox, which has had invocations before. */
type WatchedInvocation = {
  /** Decides before a call. */
  decide(id: number, call: string): CallDecision;
  /** A call is over. */
  over(id: number): void;
};

/** Called when an invocation begins. */
export type WatchInvocation = (definition: FunctionDefinition, event: unknown) => WatchedInvocation;

type CrashGate = {
  /** For the worker. */
  readonly gate: SyncGate;
  /** An event goes to the sandbox. */
  beginInvocation(payload: string): void;
};

/** In the main thread: decides at the gate of one sandbox. `kill` terminates the sandbox. */
export function crashGate(
  watch: WatchInvocation,
  definition: FunctionDefinition,
  kill: () => void,
): CrashGate {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  let watched: WatchedInvocation | undefined;
  const apply = (decision: CallDecision) => {
    if (decision === 'crash before') return kill();
    Atomics.store(state, 0, decision === 'crash after' ? releasedToCrash : released);
    Atomics.notify(state, 0);
  };
  port1.on('message', (message: GateMessage) => {
    if (message.kind === 'before-call')
      apply(watched?.decide(message.id, message.call) ?? 'continue');
    else if (message.kind === 'call-over') watched?.over(message.id);
    else kill();
  });
  // The channel ends with the sandbox, and must not keep the process running.
  port1.unref();
  return {
    gate: { state, port: port2 },
    beginInvocation(payload) {
      watched = watch(definition, JSON.parse(payload));
    },
  };
}
