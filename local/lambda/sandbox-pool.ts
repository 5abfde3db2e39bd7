import { failure, type InvokeAnswer } from './invoke-answer.ts';
import type { Sandbox, SandboxEvent } from './sandbox.ts';

export type SandboxPool = {
  run(event: SandboxEvent): Promise<InvokeAnswer>;
  /** Whatever begins from now on begins in a new sandbox; what runs is left to finish. */
  renew(): void;
  close(): Promise<void>;
};

/** As many sandboxes as events at a time, up to a limit; further events wait in order. */
export function sandboxPool(limit: number, create: () => Sandbox): SandboxPool {
  const idle: Sandbox[] = [];
  const all = new Set<Sandbox>();
  const stale = new Set<Sandbox>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  let isClosed = false;

  const enter = async () => {
    if (busy < limit) busy += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  // The place goes straight to who waits longest, so that nobody can slip in between.
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else busy -= 1;
  };
  const take = () => {
    let warm = idle.pop();
    while (warm && !warm.isAlive()) warm = idle.pop(); // it may have died of something in the background
    const taken = warm ?? create();
    all.add(taken);
    return taken;
  };
  const discard = (sandbox: Sandbox) => {
    all.delete(sandbox);
    stale.delete(sandbox);
    void sandbox.close();
  };
  const giveBack = (used: Sandbox) => {
    if (used.isAlive() && !stale.has(used)) idle.push(used);
    else discard(used);
    leave();
  };

  return {
    async run(event) {
      await enter();
      if (isClosed) return failure('Runtime.ExitError', 'The laptop is shutting down');
      const sandbox = take();
      return sandbox.run(event).finally(() => giveBack(sandbox));
    },
    renew() {
      for (const sandbox of idle.splice(0)) discard(sandbox);
      for (const sandbox of all) stale.add(sandbox);
    },
    async close() {
      isClosed = true;
      await Promise.all([...all].map((sandbox) => sandbox.close()));
      for (const next of waiting.splice(0)) next();
    },
  };
}
