import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { type Durations, usualOf, withNewest } from '../task/durations.ts';
import type { Clock } from '../task/ports.ts';
import type { ProviderName } from '../task/provider.ts';
import { update } from './update.ts';

/** What was read is good for so long, in milliseconds. */
const keptForMs = 60_000;
/** One row takes no more than a write in ten seconds, however many tasks end: they tell the same. */
const learnedOnceInMs = 10_000;

const Row = z.object({ seconds: z.array(z.number()), learnedAt: z.number() });
type Row = z.output<typeof Row>;
type Kept = { readonly usual: Promise<number | undefined>; readonly until: number };

/** How long tasks have been taking, in DynamoDB: one small row for a model at a provider. */
export function durations(client: DynamoDBClient, table: string, now: Clock): Durations {
  const kept = new Map<string, Kept>();

  const find = async (id: string): Promise<Row | undefined> => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: marshall({ keyId: id }) }),
    );
    return Item && Row.parse(unmarshall(Item));
  };

  return {
    usual: (model, provider) => {
      const id = rowOf(model, provider);
      const known = kept.get(id);
      if (known && known.until > now()) return known.usual;
      const usual = find(id).then((row) => row && usualOf(row.seconds));
      kept.set(id, { usual, until: now() + keptForMs });
      usual.catch(() => kept.delete(id)); // a failed read is not kept
      return usual;
    },
    learn: async (model, provider, seconds) => {
      const id = rowOf(model, provider);
      const before = await find(id);
      if (before && before.learnedAt + learnedOnceInMs > now()) return;
      // Of two who learn at once one is enough.
      await update(client, {
        TableName: table,
        Key: marshall({ keyId: id }),
        UpdateExpression: 'SET seconds = :seconds, learnedAt = :now',
        ConditionExpression: before ? 'learnedAt = :before' : 'attribute_not_exists(keyId)',
        ExpressionAttributeValues: marshall({
          ':seconds': withNewest(before?.seconds ?? [], seconds),
          ':now': now(),
          ...(before && { ':before': before.learnedAt }),
        }),
      });
    },
  };
}

// No key's id looks like this.
const rowOf = (model: string, provider: ProviderName): string => `durations#${model}#${provider}`;
