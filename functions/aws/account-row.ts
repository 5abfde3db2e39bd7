import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Account, type Entry, type NewAccount, noFunds } from '../task/account.ts';
import type { Row } from './update.ts';

type Item = Record<string, AttributeValue>;

/** An account's own row; its ledger lies beside it. */
export const accountKey = (account: string) => ({ account, entry: 'account' });

/** What all keys of entries begin with. */
export const entryPrefix = 'entry#';

/** The key of an entry of the ledger: by its number, so that they lie in the order of the movements. */
export const entryKey = (account: string, number: number) => ({
  ...{ account, entry: `${entryPrefix}${String(number).padStart(12, '0')}` },
});

/** The attribute by which the index of accounts knows an account's own row from its entries. */
export const listed = 'account';

export const toAccountItem = ({ webhookSecret, ...account }: NewAccount): Item =>
  marshall(
    { ...account, ...accountKey(account.account), ...noFunds, listed, webhookSecret },
    { removeUndefinedValues: true },
  );

// Rows are written by this room and nobody else, so what comes out is what went in.
export const toAccount = (row: Row): Account => {
  const { account, userGroup, limits, createdAt } = row;
  const { granted, balance, reserved, used, inFlight, entries } = row;
  return {
    ...{ account, userGroup, limits, createdAt },
    ...{ granted, balance, reserved, used, inFlight, entries },
  };
};

export const toEntryItem = (account: string, entry: Entry): Item =>
  marshall({ ...entry, ...entryKey(account, entry.number) }, { removeUndefinedValues: true });

export const toEntry = ({ account: _, entry: __, ...row }: Row): Entry => row as Entry;
