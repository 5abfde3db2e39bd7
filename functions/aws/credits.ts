import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Entry, Funds } from '../task/account.ts';
import { type Credit, credit, type Movement } from '../task/ledger.ts';
import type { Crediting, Ledger } from '../task/ports.ts';
import type { Remembered } from '../task/remember.ts';
import { accountKey, entryKey, toAccount, toEntry } from './account-row.ts';
import { enter, moveFunds } from './books.ts';
import { findRemembered, remember, rememberedIn } from './idempotency.ts';
import { readRow } from './read-row.ts';
import { type Plan, transact } from './transaction.ts';

type Tables = { readonly accounts: string; readonly idempotency: string };
/** What became of it, or what is remembered of the first time. */
type Answer = Crediting | ReturnType<typeof rememberedIn>;
type Wanted = { readonly order: Credit; readonly remembered: Remembered | undefined };

/** The side of the ledger that the operator gives and takes credits through. */
export const credits = (client: DynamoDBClient, tables: Tables): Pick<Ledger, 'credit'> => ({
  credit: async (order, remembered) => {
    const wanted = { order, remembered };
    const answer = await transact(client, () => planned(client, tables, wanted));
    if ('state' in answer) return answer;
    const { requestHash, account, number } = answer;
    // The first order may have been for another account, and what has no number was a task.
    const entry = account && number ? await entryOf(client, tables, account, number) : undefined;
    return { state: 'remembered', requestHash, entry };
  },
});

async function planned(
  client: DynamoDBClient,
  tables: Tables,
  wanted: Wanted,
): Promise<Plan<Answer> | { readonly answer: Answer }> {
  const { order, remembered } = wanted;
  const row = await readRow(client, tables.accounts, accountKey(order.account));
  if (!row) return { answer: { state: 'no-account' } };
  const funds = toAccount(row);
  const movement = credit(funds, order);
  if ('entry' in movement) return crediting(tables, wanted, funds, movement);
  // Read after the funds: what was taken under this key before is seen here.
  const before = remembered && (await findRemembered(client, tables, remembered.id, order.at));
  return { answer: before ?? movement };
}

const crediting = (
  tables: Tables,
  { order: { account, at }, remembered }: Wanted,
  funds: Funds,
  movement: Movement,
): Plan<Answer> => ({
  actions: [
    moveFunds(tables.accounts, account, funds, movement.funds),
    enter(tables.accounts, account, movement),
    ...(remembered
      ? [remember(tables, remembered, { account, number: movement.entry.number }, at)]
      : []),
  ],
  done: { state: 'credited', entry: movement.entry },
  refused: (refused, reasons) => (refused(2) ? rememberedIn(reasons[2]) : 'again'),
});

async function entryOf(
  client: DynamoDBClient,
  { accounts }: Tables,
  account: string,
  number: number,
): Promise<Entry> {
  const row = await readRow(client, accounts, entryKey(account, number));
  if (!row) throw new Error(`entry ${number} of ${account} is remembered and is not there`);
  return toEntry(row);
}
