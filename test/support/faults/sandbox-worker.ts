// Runs in the thread of a sandbox, before the bundle is loaded.
import { type ClockOffset, installClock } from '../clock.ts';
import { watchCalls } from './outgoing-calls.ts';
import { blockForever, reportOver, type SyncGate, waitForDecision } from './sync-gate.ts';

export type SandboxData = {
  /** Only there when the function's clock is not the machine's. */
  readonly clockOffset: ClockOffset | undefined;
  /** Only there when the function's outgoing calls are watched. */
  readonly gate: SyncGate | undefined;
};

/** Gives the sandbox a clock, and lets a crash injector watch its calls. */
export function install({ clockOffset, gate }: SandboxData): void {
  if (clockOffset) installClock(clockOffset);
  if (!gate) return;
  let calls = 0;
  watchCalls({
    beforeCall: (call) => {
      calls += 1;
      const id = calls;
      return { crashesAfter: waitForDecision(gate, id, call), over: () => reportOver(gate, id) };
    },
    afterCall: () => blockForever(gate),
  });
}
