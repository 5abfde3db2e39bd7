import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { AuditEntry } from '../../../domain/model/audit.ts';
import type { ConsoleCode, ConsoleCodes } from '../../../domain/model/console-code.ts';
import { expiryAttributes, type KeyOf } from '../../../domain/model/storage-names.ts';
import { putAuditEntry } from './audit-table.ts';
import { withPlaceholders } from './expressions.ts';
import { readRow } from './rows.ts';
import { type Actions, untilResult, writeAll } from './transaction.ts';
import { updateExpression } from './update.ts';

type Tables = { readonly keys: string; readonly audit: string };

const conditions = {
  exists: 'attribute_exists(#keyId)',
  isNew: 'attribute_not_exists(#keyId)',
  notUsed: 'attribute_not_exists(#usedAt)',
  reuseNotRecorded: 'attribute_not_exists(#reusedAt)',
};

/** How long the rows of codes and sessions stay after they have ended. */
const rowTtlMs = 7 * 24 * 60 * 60_000;
const ttlOf = (expiresAt: number): number => Math.ceil((expiresAt + rowTtlMs) / 1000);

/**
 * The codes in the table of the keys, beside the sessions that they are exchanged for. A row of a code has no attribute of
 * an index, so it is in no list.
 */
export const consoleCodes = (client: DynamoDBClient, tables: Tables): ConsoleCodes => ({
  add: async (code, entry) => {
    const { codeId, ...row } = code;
    const written = await write(client, tables, entry, {
      code: {
        Put: {
          TableName: tables.keys,
          Item: marshall(
            { ...row, keyId: codeId, [expiryAttributes.Keys]: ttlOf(code.expiresAt) },
            { removeUndefinedValues: true },
          ),
          ...(!code.isReusable && withPlaceholders({ ConditionExpression: conditions.isNew })),
        },
      },
    });
    if (!written) throw new Error(`there is a code ${codeId} already`);
  },
  find: async (codeId) => {
    const row = await readRow(client, tables.keys, { keyId: codeId });
    return row && toCode(codeId, row);
  },
  exchange: async (code, session, entry) => {
    const written = await write(client, tables, entry, {
      code: code.isReusable ? undefined : mark(tables, code, 'usedAt', session.createdAt),
      session: {
        Put: {
          TableName: tables.keys,
          Item: marshall(
            { ...session, [expiryAttributes.Keys]: ttlOf(session.expiresAt ?? session.createdAt) },
            { removeUndefinedValues: true },
          ),
          ...withPlaceholders({ ConditionExpression: conditions.isNew }),
        },
      },
    });
    return written ? 'opened' : 'used';
  },
  recordReuse: async (code, at, entry) => {
    // Only the first reuse is recorded, so a flood of requests with the same code adds nothing.
    await write(client, tables, entry, { code: mark(tables, code, 'reusedAt', at) });
  },
});

/** Writes a time on a code, if it is not there yet. */
const mark = (
  { keys }: Tables,
  { codeId }: ConsoleCode,
  name: 'usedAt' | 'reusedAt',
  at: number,
): TransactWriteItem => ({
  Update: {
    TableName: keys,
    Key: marshall({ keyId: codeId } satisfies KeyOf<'Keys'>),
    ...updateExpression({
      set: { [name]: at },
      conditions: [
        conditions.exists,
        name === 'usedAt' ? conditions.notUsed : conditions.reuseNotRecorded,
      ],
    }),
  },
});

/** Writes all actions with the entry, or nothing. @returns whether the conditions held */
async function write(
  client: DynamoDBClient,
  { audit }: Tables,
  entry: AuditEntry,
  actions: Actions,
): Promise<boolean> {
  const result = await untilResult(async () => {
    const { state } = await writeAll(client, { ...actions, entry: putAuditEntry(audit, entry) });
    return state === 'transactionConflict' ? undefined : { isWritten: state === 'written' };
  });
  if (!result) throw new Error(`${entry.operation}: others were writing at every attempt`);
  return result.isWritten;
}

type Row = NonNullable<Awaited<ReturnType<typeof readRow>>>;

// Only this file writes these rows, so what is read has the shape that was written.
const toCode = (codeId: string, row: Row): ConsoleCode => ({
  codeId,
  hash: row['hash'],
  name: row['name'],
  createdAt: row['createdAt'],
  expiresAt: row['expiresAt'],
  isReusable: row['isReusable'],
  usedAt: row['usedAt'],
});
