import type { InvokeResult } from './invoke-result.ts';
import type { Sandbox, SandboxEvent } from './sandbox.ts';

export type SandboxPool = {
  /** Whether a sandbox has nothing to do. */
  hasWarm(): boolean;
  /** @param maxIdleMs how long the sandbox stays afterwards when it gets nothing to do */
  run(event: SandboxEvent, maxIdleMs: number): Promise<InvokeResult>;
  /** Every invocation that begins from now on begins in a new sandbox; running ones finish in theirs. */
  recycle(): void;
  close(): Promise<void>;
};

/** The sandboxes of one function: as many as it has events at a time. */
export function sandboxPool(warmSandboxes: WarmSandboxes, create: () => Sandbox): SandboxPool {
  const idle: Sandbox[] = [];
  const all = new Set<Sandbox>();
  const stale = new Set<Sandbox>();

  const takeWarm = () => {
    const warm = idle.pop();
    if (warm) warmSandboxes.remove(warm);
    return warm;
  };
  const take = () => {
    let warm = takeWarm();
    // An idle sandbox may have been ended by an error in the background.
    while (warm && !warm.isAlive()) warm = takeWarm();
    if (warm) return warm;
    warmSandboxes.makeRoom();
    return create();
  };
  // Until it has ended it may still write to the log, so `close` waits for it.
  const discard = async (sandbox: Sandbox) => {
    await sandbox.close();
    all.delete(sandbox);
    stale.delete(sandbox);
  };
  const keepWarm = (sandbox: Sandbox, maxIdleMs: number) => {
    idle.push(sandbox);
    warmSandboxes.add(sandbox, maxIdleMs, () => {
      idle.splice(idle.indexOf(sandbox), 1);
      void discard(sandbox);
    });
  };
  const giveBack = (used: Sandbox, maxIdleMs: number) => {
    if (used.isAlive() && !stale.has(used)) keepWarm(used, maxIdleMs);
    else void discard(used);
  };

  return {
    hasWarm: () => idle.some((sandbox) => sandbox.isAlive()),
    run(event, maxIdleMs) {
      const sandbox = take();
      all.add(sandbox);
      return sandbox.run(event).finally(() => giveBack(sandbox, maxIdleMs));
    },
    recycle() {
      for (let warm = takeWarm(); warm; warm = takeWarm()) void discard(warm);
      for (const sandbox of all) stale.add(sandbox);
    },
    async close() {
      for (let warm = takeWarm(); warm; warm = takeWarm()) void discard(warm);
      await Promise.all([...all].map((sandbox) => sandbox.close()));
    },
  };
}

/** The idle sandboxes of all functions. */
export type WarmSandboxes = {
  /** Keeps the sandbox for the next event, for `maxIdleMs` at most; then calls `discard`. */
  add(sandbox: Sandbox, maxIdleMs: number, discard: () => void): void;
  remove(sandbox: Sandbox): void;
  /** Called before a sandbox is made: if there are too many, it ends the one that has been idle longest. */
  makeRoom(): void;
};

type WarmOptions = {
  /** How many sandboxes there may be, running and idle ones together. */
  readonly max: number;
  readonly runningCount: () => number;
};

/** Ends idle sandboxes. Each one is a JavaScript engine of its own and takes some 25 MB. */
export function warmSandboxes({ max, runningCount }: WarmOptions): WarmSandboxes {
  type Idle = { readonly discard: () => void; readonly timer: NodeJS.Timeout };
  const idle = new Map<Sandbox, Idle>(); // in the order in which they became idle
  const remove = (sandbox: Sandbox) => {
    clearTimeout(idle.get(sandbox)?.timer);
    idle.delete(sandbox);
  };
  const end = (sandbox: Sandbox, discard: () => void) => {
    remove(sandbox);
    discard();
  };
  return {
    add(sandbox, maxIdleMs, discard) {
      const timer = setTimeout(() => end(sandbox, discard), maxIdleMs).unref();
      idle.set(sandbox, { discard, timer });
    },
    remove,
    makeRoom() {
      for (const [sandbox, { discard }] of idle) {
        // `runningCount` includes the sandbox that is about to be made.
        if (idle.size + runningCount() <= max) return;
        end(sandbox, discard);
      }
    },
  };
}
