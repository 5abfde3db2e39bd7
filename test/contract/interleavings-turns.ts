/** Every call of a process passes it: there the process waits for its turn, and there it may die. */
export type Door = <T>(what: string, call: () => Promise<T>) => Promise<T>;

/** The process dies at this call: before it is sent, or after it was done and before its answer. */
export type Death = { readonly call: number; readonly when: 'before' | 'after' };

export class Died extends Error {
  override readonly name = 'Died';
}

/** The same object, whose every call goes through the door: a port, or a client of the SDK. */
export const behind = <T extends object>(door: Door, target: T): T =>
  new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]) => {
        const command = name === 'send' ? given[0]?.constructor.name : undefined;
        return door(command ?? String(name), async () => member.apply(target, given));
      };
    },
  });

/** The door of one life of a process, which ends at this death. */
export function doorTo(turn: () => Promise<void>, note: (what: string) => void, death?: Death) {
  let calls = 0;
  let isDead = false;
  const through: Door = async (what, call) => {
    if (isDead) throw new Died();
    await turn();
    calls += 1;
    if (death?.call !== calls) {
      note(what);
      return call();
    }
    isDead = true;
    note(`dies ${death.when} ${what}`);
    if (death.when === 'after') await call().catch(() => undefined);
    throw new Died();
  };

  // Calls that a process makes at once go one after the other, each when its turn comes.
  let last: Promise<unknown> = Promise.resolve();
  const door: Door = (what, call) => {
    const mine = last.then(() => through(what, call));
    last = mine.catch(() => undefined);
    return mine;
  };
  return door;
}

type Waiting = { readonly index: number; readonly go: () => void };

/**
 * Runs processes that each make one call after the other, and lets only one of them go on at a time.
 * A number of `order` says which of those who wait; where it ends, the first goes on as far as it can.
 */
export async function takingTurns(
  processes: readonly ((turn: () => Promise<void>) => Promise<void>)[],
  order: readonly number[],
): Promise<void> {
  const waiting: Waiting[] = [];
  const left = [...order];
  let busy = processes.length;

  const rest = () => {
    busy -= 1;
    if (busy > 0 || waiting.length === 0) return;
    waiting.sort((a, b) => a.index - b.index);
    const [next] = waiting.splice((left.shift() ?? 0) % waiting.length, 1);
    busy += 1;
    next?.go();
  };
  const turnOf = (index: number) => () =>
    new Promise<void>((go) => {
      waiting.push({ index, go });
      rest();
    });

  const ends = await Promise.allSettled(
    processes.map((process, index) => process(turnOf(index)).finally(rest)),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
