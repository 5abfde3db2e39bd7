import { failure, type InvokeAnswer } from './invoke-answer.ts';
import type { Sandbox, SandboxEvent } from './sandbox.ts';
import { turnstile } from './turnstile.ts';
import type { WarmPlaces } from './warm-places.ts';

export type SandboxPool = {
  run(event: SandboxEvent): Promise<InvokeAnswer>;
  /** Whatever begins from now on begins in a new sandbox; what runs is left to finish. */
  renew(): void;
  close(): Promise<void>;
};

/** As many sandboxes as events at a time, up to a limit; further events wait in order. */
export function sandboxPool(
  limit: number,
  warmPlaces: WarmPlaces,
  create: () => Sandbox,
): SandboxPool {
  const idle: Sandbox[] = [];
  const all = new Set<Sandbox>();
  const stale = new Set<Sandbox>();
  const doors = turnstile(limit);
  let isClosed = false;

  const takeWarm = () => {
    const warm = idle.pop();
    if (warm) warmPlaces.leave(warm);
    return warm;
  };
  const take = () => {
    let warm = takeWarm();
    while (warm && !warm.isAlive()) warm = takeWarm(); // it may have died of something in the background
    return warm ?? create();
  };
  const discard = (sandbox: Sandbox) => {
    all.delete(sandbox);
    stale.delete(sandbox);
    void sandbox.close();
  };
  const rest = (sandbox: Sandbox) => {
    idle.push(sandbox);
    warmPlaces.enter(sandbox, () => {
      idle.splice(idle.indexOf(sandbox), 1);
      discard(sandbox);
    });
  };
  const giveBack = (used: Sandbox) => {
    if (used.isAlive() && !stale.has(used)) rest(used);
    else discard(used);
    doors.leave();
  };

  return {
    async run(event) {
      await doors.enter();
      if (isClosed) return failure('Runtime.ExitError', 'The laptop is shutting down');
      const sandbox = take();
      all.add(sandbox);
      return sandbox.run(event).finally(() => giveBack(sandbox));
    },
    renew() {
      for (let warm = takeWarm(); warm; warm = takeWarm()) discard(warm);
      for (const sandbox of all) stale.add(sandbox);
    },
    async close() {
      isClosed = true;
      await Promise.all([...all].map((sandbox) => sandbox.close()));
      doors.open();
    },
  };
}
