/** Every call of a process passes the barrier: there the process waits for its turn, and there it may crash. */
export type Barrier = <T>(what: string, call: () => Promise<T>) => Promise<T>;

/** The process crashes at this call: before it is sent, or after it was handled and before its response. */
export type Crash = { readonly call: number; readonly when: 'before' | 'after' };

export class Crashed extends Error {
  override readonly name = 'Crashed';
}

/** The same object with every call guarded by the barrier: a port, or a client of the SDK. */
export const behindBarrier = <T extends object>(barrier: Barrier, target: T): T =>
  new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]) => {
        const command = name === 'send' ? given[0]?.constructor.name : undefined;
        return barrier(command ?? String(name), async () => member.apply(target, given));
      };
    },
  });

/** The barrier of one run of a process, which ends at this crash. */
export function barrierWithCrash(
  waitForTurn: () => Promise<void>,
  note: (what: string) => void,
  crash?: Crash,
) {
  let calls = 0;
  let hasCrashed = false;
  const pass: Barrier = async (what, call) => {
    if (hasCrashed) throw new Crashed();
    await waitForTurn();
    calls += 1;
    if (crash?.call !== calls) {
      note(what);
      return call();
    }
    hasCrashed = true;
    note(`crashes ${crash.when} ${what}`);
    if (crash.when === 'after') await call().catch(() => undefined);
    throw new Crashed();
  };

  // Calls that a process makes in parallel pass one after the other, each when its turn comes.
  let last: Promise<unknown> = Promise.resolve();
  const barrier: Barrier = (what, call) => {
    const passed = last.then(() => pass(what, call));
    last = passed.catch(() => undefined);
    return passed;
  };
  return barrier;
}

type Waiting = { readonly index: number; readonly resume: () => void };

/**
 * Runs processes that each make one call after the other, and lets only one of them continue at a time.
 * A number of `order` picks one of the waiting processes; after the end of `order` the first one continues.
 */
export async function runInTurns(
  processes: readonly ((waitForTurn: () => Promise<void>) => Promise<void>)[],
  order: readonly number[],
): Promise<void> {
  const waiting: Waiting[] = [];
  const left = [...order];
  let running = processes.length;

  const pause = () => {
    running -= 1;
    if (running > 0 || waiting.length === 0) return;
    waiting.sort((a, b) => a.index - b.index);
    const [next] = waiting.splice((left.shift() ?? 0) % waiting.length, 1);
    running += 1;
    next?.resume();
  };
  const turnOf = (index: number) => () =>
    new Promise<void>((resume) => {
      waiting.push({ index, resume });
      pause();
    });

  const ends = await Promise.allSettled(
    processes.map((process, index) => process(turnOf(index)).finally(pause)),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
