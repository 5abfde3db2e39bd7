import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { Problem } from '../task/problem.ts';

/** Why a transaction was called off: one reason an action, in their order. */
type Cancelled = readonly CancellationReason[];

/** What has to be written, as it follows from what was read. */
export type Plan<T> = {
  readonly actions: TransactWriteItem[];
  /** The answer once it is written. */
  readonly done: T;
  /** The answer to refused conditions, or `'again'`: somebody was faster, what was read is old. */
  readonly refused: (at: (action: number) => boolean, reasons: Cancelled) => T | 'again';
};

type Answered<T> = { readonly answer: T };
type Planner<T> = () => Promise<Plan<T> | Answered<T>>;

// Others on the same item: DynamoDB calls one of two transactions off that meet (a conflict, which
// the SDK does not try again), and lets one fail that was planned on what is not true any more.
// Those who were overtaken see others get on, so they are given more tries.
const mostConflicts = 5;
const mostOvertaken = 20;
// Full jitter: those who met once do not meet again.
const pause = (attempt: number) => Math.random() * Math.min(400, 20 * 2 ** attempt);

/**
 * Reads and plans, then writes all of it or nothing, until nobody came in between. `plan` may have
 * its answer without writing anything.
 * @throws {Problem} `service_unavailable` when somebody comes in between every time
 */
export async function transact<T>(client: DynamoDBClient, plan: Planner<T>): Promise<T> {
  const met = { conflict: 0, overtaken: 0 };
  while (met.conflict < mostConflicts && met.overtaken < mostOvertaken) {
    const before = met.conflict + met.overtaken;
    if (before > 0) await new Promise((resolve) => setTimeout(resolve, pause(before)));
    const outcome = await attempt(client, plan);
    if (typeof outcome === 'object') return outcome.answer;
    met[outcome] += 1;
  }
  throw new Problem('service_unavailable', 'The account is busy; send the request again.', {
    headers: { 'retry-after': '1' },
  });
}

async function attempt<T>(
  client: DynamoDBClient,
  plan: Planner<T>,
): Promise<Answered<T> | 'conflict' | 'overtaken'> {
  const planned = await plan();
  if ('answer' in planned) return planned;
  const reasons = await cancelled(client, planned.actions);
  if (!reasons) return { answer: planned.done };
  const answer = answerTo(planned, reasons);
  if (answer !== 'again') return { answer };
  return reasons.some(({ Code = '' }) => passing.has(Code)) ? 'conflict' : 'overtaken';
}

async function cancelled(
  client: DynamoDBClient,
  TransactItems: TransactWriteItem[],
): Promise<Cancelled | undefined> {
  try {
    await client.send(new TransactWriteItemsCommand({ TransactItems }));
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return error.CancellationReasons ?? [];
  }
}

// What passes by itself.
const passing = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);
const expected = new Set([...passing, undefined, 'None', 'ConditionalCheckFailed']);

function answerTo<T>({ refused }: Plan<T>, reasons: Cancelled): T | 'again' {
  const codes = reasons.map(({ Code }) => Code);
  if (codes.every((code = 'None') => code === 'None' || passing.has(code))) return 'again';
  if (!codes.every((code) => expected.has(code))) {
    throw new Error(`a transaction was refused: ${codes.join(', ')}`);
  }
  return refused((action) => codes[action] === 'ConditionalCheckFailed', reasons);
}
