import type { JsonObject } from '../json-object.ts';
import type { Context } from './context.ts';
import type { Engine, Operation } from './dynalite.ts';
import { idempotentTransactions } from './idempotent-transactions.ts';
import { itemsInFlight } from './items-in-flight.ts';
import type { Pause } from './pause.ts';
import { describeTimeToLive, updateTimeToLive } from './time-to-live.ts';
import { transactGet, transactWrite } from './transaction.ts';
import type { InTurn } from './turns.ts';
import { type SingleWrite, writeBatch, writeItem } from './write-item.ts';

type Operations = ReturnType<typeof dynamoDbOperations>;
/** Runs one operation by its name. */
export type RunOperation = (name: keyof Operations, input: JsonObject) => Promise<JsonObject>;

/**
 * The operations of this DynamoDB, by name. They run one at a time, which is fast enough for one machine. Others run
 * only during a pause: transactions conflict when one of them pauses between its checks and its writes.
 */
export function dynamoDbOperations(
  engine: Engine,
  {
    inTurn,
    now,
    pause,
  }: { readonly inTurn: InTurn; readonly now: () => number; readonly pause: Pause },
) {
  const once = idempotentTransactions(now);
  const inFlight = itemsInFlight();

  const operation =
    (name: string, run: (input: JsonObject, context: Context) => Promise<JsonObject>) =>
    async (input: JsonObject): Promise<JsonObject> => {
      await pause({ operation: name, input, at: 'received' });
      try {
        return await inTurn((turn) =>
          run(input, {
            engine,
            inFlight,
            prepared: () => turn.giveWayFor(pause({ operation: name, input, at: 'prepared' })),
          }),
        );
      } finally {
        await pause({ operation: name, input, at: 'done' });
      }
    };
  const direct = (name: Operation) =>
    operation(name, async (input) => engine.run(name, engine.validate(name, input)));
  const write = (name: SingleWrite) =>
    operation(name, (input, context) => writeItem(context, name, input));

  return {
    BatchGetItem: direct('BatchGetItem'),
    BatchWriteItem: operation('BatchWriteItem', (input, context) => writeBatch(context, input)),
    CreateTable: direct('CreateTable'),
    DeleteItem: write('DeleteItem'),
    DeleteTable: direct('DeleteTable'),
    DescribeTable: direct('DescribeTable'),
    DescribeTimeToLive: operation('DescribeTimeToLive', (input) =>
      describeTimeToLive(engine, input),
    ),
    GetItem: direct('GetItem'),
    ListTables: direct('ListTables'),
    ListTagsOfResource: direct('ListTagsOfResource'),
    PutItem: write('PutItem'),
    Query: direct('Query'),
    Scan: direct('Scan'),
    TagResource: direct('TagResource'),
    TransactGetItems: operation('TransactGetItems', (input, context) =>
      transactGet(context, input),
    ),
    TransactWriteItems: operation('TransactWriteItems', (input, context) =>
      once(input, () => transactWrite(context, input)),
    ),
    UntagResource: direct('UntagResource'),
    UpdateItem: write('UpdateItem'),
    UpdateTable: direct('UpdateTable'),
    UpdateTimeToLive: operation('UpdateTimeToLive', (input) => updateTimeToLive(engine, input)),
  };
}
