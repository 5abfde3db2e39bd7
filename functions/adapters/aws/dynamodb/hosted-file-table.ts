import {
  type DynamoDBClient,
  QueryCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { HostedFiles } from '../../../domain/files/ports.ts';
import type { HostedFile } from '../../../domain/model/hosted-file.ts';
import { expiryAttributes, type KeyOf } from '../../../domain/model/storage-names.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { findRows, type Row, readRow } from './rows.ts';
import { untilResult, writeAll } from './transaction.ts';

// A hosted file has two rows, which are only written together: its record, found by its id, and a slot of its account.
// An account has as many slots as it may have files, so it never has more, however many uploads come at once: each
// takes a slot with a condition. A slot whose file has expired is free from that moment on, whether DynamoDB has
// deleted the row yet or not. A removed file leaves the time of its removal for an hour: uploads that
// began before it, which last half a minute at most, must see it.

const fileKey = (id: string) => ({ partition: id, row: 'file' }) satisfies KeyOf<'Files'>;
const slotPrefix = 'slot#';
const slotKey = (account: string, slot: number) =>
  ({
    partition: account,
    row: `${slotPrefix}${String(slot).padStart(4, '0')}`,
  }) satisfies KeyOf<'Files'>;

const conditions = {
  /** No file, or one that has expired or was removed. */
  isFree: '(attribute_not_exists(#expiresAt) OR #expiresAt <= :now)',
  /** No removal since this upload began: it may have deleted the bytes of this upload as well. */
  notRemovedSince: '(attribute_not_exists(#removedAt) OR #removedAt <= :now)',
  /** The very upload that was read: nobody has replaced or removed it. */
  isUnchanged: '#version = :seenVersion AND #expiresAt > :now',
  /** The slot of this file. */
  isItsSlot: '#fileId = :fileId',
};

/** How long the time of a removal is kept, in milliseconds. */
const removalKnownMs = 60 * 60 * 1000;

/** The records of the hosted files in DynamoDB. */
export const hostedFileTable = (client: DynamoDBClient, table: string): HostedFiles => ({
  put: async (file, maxFiles) =>
    (await untilResult(() => putOnce(client, table, file, maxFiles))) ?? 'busy',

  find: async (id, now) => {
    const row = await readRow(client, table, fileKey(id));
    return row && isLive(row, now) ? toFile(row) : undefined;
  },

  findAll: async (ids, now) => {
    const rows = await findRows(client, table, ids.map(fileKey));
    return rows.filter((row) => isLive(row, now)).map(toFile);
  },

  list: async (account, now) =>
    (await readSlots(client, table, account))
      .filter((slot) => isLive(slot, now))
      .map(({ fileId, uploadedAt }) => ({ id: String(fileId), uploadedAt: Number(uploadedAt) }))
      .sort((a, b) => b.uploadedAt - a.uploadedAt || (a.id < b.id ? -1 : 1)),

  remove: async (file, now) => {
    const row = await readRow(client, table, fileKey(file.id));
    if (row?.['version'] !== file.version || !isLive(row, now)) return false;
    // Both rows stay without the data of the file, and DynamoDB deletes them. With `expiresAt: 0` no clock takes them for
    // a file.
    const removed = {
      expiresAt: 0,
      [expiryAttributes.Files]: Math.ceil((now + removalKnownMs) / 1000),
    };
    const values = { seenVersion: file.version, now, fileId: file.id };
    const outcome = await untilResult(async () => {
      const { state } = await writeAll(client, {
        file: put(
          table,
          { ...fileKey(file.id), ...removed, removedAt: now },
          conditions.isUnchanged,
          values,
        ),
        slot: put(
          table,
          { ...slotKey(file.account, row['slot']), ...removed },
          conditions.isItsSlot,
          values,
        ),
      });
      return state === 'transactionConflict' ? undefined : state;
    });
    return outcome === 'written';
  },
});

/** Undefined when others have changed the rows since they were read: then the caller tries again. */
async function putOnce(
  client: DynamoDBClient,
  table: string,
  file: HostedFile,
  maxFiles: number,
): Promise<'stored' | 'full' | 'deleted' | undefined> {
  const now = file.uploadedAt;
  const existing = await readRow(client, table, fileKey(file.id));
  if (existing && existing['removedAt'] > now) return 'deleted';
  const replaced = existing && isLive(existing, now) ? existing : undefined;
  const slot = replaced
    ? Number(replaced['slot'])
    : freeSlot(await readSlots(client, table, file.account), maxFiles, now);
  if (slot === undefined) return 'full';
  const expiry = { [expiryAttributes.Files]: Math.ceil(file.expiresAt / 1000) };
  const since = replaced ? Math.min(replaced['since'], file.since) : file.since;
  const values = { now, seenVersion: replaced?.['version'], fileId: file.id };
  const { state } = await writeAll(client, {
    file: put(
      table,
      { ...fileKey(file.id), ...toRow(file), since, slot, ...expiry },
      replaced ? conditions.isUnchanged : allOf([conditions.isFree, conditions.notRemovedSince]),
      values,
    ),
    slot: put(
      table,
      {
        ...slotKey(file.account, slot),
        fileId: file.id,
        uploadedAt: file.uploadedAt,
        expiresAt: file.expiresAt,
        ...expiry,
      },
      replaced ? conditions.isItsSlot : conditions.isFree,
      values,
    ),
  });
  return state === 'written' ? 'stored' : undefined;
}

// A random one of the free slots, so that uploads that come together seldom want the same. An account whose limit was
// lowered may have more files than it has slots now.
function freeSlot(slots: readonly Row[], maxFiles: number, now: number): number | undefined {
  const taken = new Set(slots.filter((slot) => isLive(slot, now)).map(slotOf));
  if (taken.size >= maxFiles) return undefined;
  const free = Array.from({ length: maxFiles }, (_, slot) => slot).filter(
    (slot) => !taken.has(slot),
  );
  return free[Math.floor(Math.random() * free.length)];
}

const slotOf = ({ row }: Row): number => Number(String(row).slice(slotPrefix.length));
const isLive = ({ expiresAt }: Row, now: number): boolean => Number(expiresAt) > now;

// At most some hundred short rows: far less than the megabyte that one query returns.
async function readSlots(
  client: DynamoDBClient,
  table: string,
  account: string,
): Promise<readonly Row[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      ...withPlaceholders(
        { KeyConditionExpression: '#partition = :account AND begins_with(#row, :slotPrefix)' },
        { account, slotPrefix },
      ),
      ConsistentRead: true,
    }),
  );
  return Items.map((item) => unmarshall(item));
}

const put = (table: string, item: Row, condition: string, values: Row): TransactWriteItem => ({
  Put: {
    TableName: table,
    Item: marshall(item),
    ...withPlaceholders({ ConditionExpression: condition }, values),
  },
});

const toRow = (file: HostedFile): Row => ({
  account: file.account,
  path: file.path,
  name: file.name,
  originalName: file.originalName,
  format: file.format,
  bytes: file.bytes,
  version: file.version,
  uploadedAt: file.uploadedAt,
  expiresAt: file.expiresAt,
});

// Only this file writes rows, so what is read has the shape that was written.
const toFile = (row: Row): HostedFile => ({
  id: row['partition'],
  account: row['account'],
  path: row['path'],
  name: row['name'],
  originalName: row['originalName'],
  format: row['format'],
  bytes: row['bytes'],
  version: row['version'],
  uploadedAt: row['uploadedAt'],
  since: row['since'],
  expiresAt: row['expiresAt'],
});
