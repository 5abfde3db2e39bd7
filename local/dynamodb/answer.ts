import { isOperation } from './dynalite.ts';
import type { Engine } from './engine.ts';
import type { Json } from './json.ts';
import { queue } from './queue.ts';
import { refuse } from './refusal.ts';
import { replay } from './replay.ts';
import { describeTimeToLive, updateTimeToLive } from './time-to-live.ts';
import { transactGet, transactWrite } from './transaction.ts';
import { isWriting, writeItem } from './write-item.ts';

/** Runs one operation by its name. */
export type Answer = (operation: string, input: Json) => Promise<Json>;

// One request at a time: that is the isolation of transactions, and enough for a laptop.
export function answers(engine: Engine, now: () => number): Answer {
  const inTurn = queue();
  const once = replay(now);

  const ours: Readonly<Record<string, (input: Json) => Promise<Json>>> = {
    TransactWriteItems: (input) => once(input, () => transactWrite(engine, input)),
    TransactGetItems: (input) => transactGet(engine, input),
    UpdateTimeToLive: (input) => updateTimeToLive(engine, input),
    DescribeTimeToLive: (input) => describeTimeToLive(engine, input),
  };

  const run: Answer = async (operation, input) => {
    const own = ours[operation];
    if (own) return own(input);
    if (isWriting(operation)) return writeItem(engine, operation, input);
    if (isOperation(operation)) return engine.perform(operation, engine.check(operation, input));
    throw refuse('UnknownOperationException', 'An unknown operation was requested.');
  };

  return (operation, input) => inTurn(() => run(operation, input));
}
