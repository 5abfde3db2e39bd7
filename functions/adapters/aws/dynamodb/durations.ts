import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { ttlCache } from '../../../domain/model/cache.ts';
import type { ProviderName } from '../../../domain/model/catalogue.ts';
import type { Clock } from '../../../domain/model/clock.ts';
import type { KeyOf } from '../../../domain/model/storage-names.ts';
import { type Durations, medianOf, withNewest } from '../../../domain/providers/durations.ts';
import { update, updateExpression } from './update.ts';

/** How long a function caches what it has read, in milliseconds. */
const durationsTtlMs = 60_000;
/** The minimum time between two writes of a row, in milliseconds: more durations of the same moment add nothing. */
const minWriteIntervalMs = 10_000;

const DurationsRow = z.object({ seconds: z.array(z.number()), recordedAt: z.number() });

const conditions = {
  isNew: 'attribute_not_exists(#keyId)',
  /** When two functions write at the same time, one of the two is enough. */
  isUnchanged: '#recordedAt = :recordedBefore',
};

/** How long tasks have been taking, in DynamoDB: one small row for each model at each provider. */
export function durations(client: DynamoDBClient, table: string, now: Clock): Durations {
  const cache = ttlCache<number | undefined>({ ttlMs: durationsTtlMs, now });

  const find = async (keyId: string) => {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: table,
        Key: marshall({ keyId } satisfies KeyOf<'Activity'>),
      }),
    );
    return Item && DurationsRow.parse(unmarshall(Item));
  };

  return {
    typicalSeconds: (model, provider) => {
      const keyId = rowId(model, provider);
      return cache.get(keyId, async () => {
        const row = await find(keyId);
        return row && medianOf(row.seconds);
      });
    },

    recordDuration: async (model, provider, seconds) => {
      const keyId = rowId(model, provider);
      const row = await find(keyId);
      const at = now();
      if (row && row.recordedAt + minWriteIntervalMs > at) return;
      await update(client, {
        TableName: table,
        Key: marshall({ keyId } satisfies KeyOf<'Activity'>),
        ...updateExpression({
          set: { seconds: withNewest(row?.seconds ?? [], seconds), recordedAt: at },
          conditions: [row ? conditions.isUnchanged : conditions.isNew],
          values: { recordedBefore: row?.recordedAt },
        }),
      });
    },
  };
}

// The table has the activity of API keys too. No key has an id of this form.
const rowId = (model: string, provider: ProviderName): string => `durations#${model}#${provider}`;
