import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { ProviderName } from '../../../domain/model/catalogue.ts';
import type { Clock } from '../../../domain/model/clock.ts';
import { dayMs } from '../../../domain/model/duration.ts';
import type { KeyOf } from '../../../domain/model/storage-names.ts';
import {
  type RejectionCount,
  type Rejections,
  rejectionDays,
} from '../../../domain/providers/rejections.ts';
import { type Row, readRow } from './rows.ts';
import { update, updateExpression } from './update.ts';

const prefix = 'rejected_';

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
/** `rejected_20261130_quota_exceeded` */
const nameOf = (day: string, code: string): string => `${prefix}${day.replaceAll('-', '')}_${code}`;
const namePattern = new RegExp(`^${prefix}(\\d{4})(\\d\\d)(\\d\\d)_(\\w+)$`);

/**
 * What providers have rejected, in DynamoDB: one row for each provider, with a number for each day and code. The first
 * rejection of a day removes the days that are over.
 */
export function rejections(client: DynamoDBClient, table: string, now: Clock): Rejections {
  const firstDay = () => dayOf(now() - (rejectionDays - 1) * dayMs);
  return {
    record: async (provider, code) => {
      const Key = marshall({ keyId: rowId(provider) } satisfies KeyOf<'Activity'>);
      const add = { [nameOf(dayOf(now()), code)]: 1 };
      const { row = {} } = await update(client, {
        TableName: table,
        Key,
        ...updateExpression({ add }),
      });
      const remove = namesOf(row).filter((name) => name < nameOf(firstDay(), ''));
      if (remove.length === 0) return;
      await update(client, { TableName: table, Key, ...updateExpression({ remove }) });
    },

    recent: async (provider) => {
      const row = (await readRow(client, table, { keyId: rowId(provider) })) ?? {};
      return namesOf(row)
        .map((name) => countOf(name, row))
        .filter(({ day }) => day >= firstDay())
        .sort((a, b) => (a.day === b.day ? b.count - a.count : a.day < b.day ? 1 : -1));
    },
  };
}

const namesOf = (row: Row): readonly string[] =>
  Object.keys(row).filter((name) => namePattern.test(name));

function countOf(name: string, row: Row): RejectionCount {
  const [, year, month, day, code] = namePattern.exec(name) ?? [];
  // Only `record` writes such a name, with a code of the catalogue.
  return { day: `${year}-${month}-${day}`, code: code as RejectionCount['code'], count: row[name] };
}

// The table has the activity of API keys too. No key has an id of this form.
const rowId = (provider: ProviderName): string => `rejections#${provider}`;
