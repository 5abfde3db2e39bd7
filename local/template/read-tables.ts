import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { readResources } from './read-resources.ts';

const KeySchema = z.array(
  z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }),
);

const Index = z.object({
  IndexName: z.string(),
  KeySchema,
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});

const shape = {
  KeySchema,
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  GlobalSecondaryIndexes: z.array(Index).optional(),
  LocalSecondaryIndexes: z.array(Index).optional(),
  TimeToLiveSpecification: z
    .object({ AttributeName: z.string().optional(), Enabled: z.boolean() })
    .optional(),
};

/** The tables of the template in the shape of CreateTable, and the attribute that ends an item's life. */
export function tablesOf(context: Context) {
  const types = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];
  return readResources(context, types, shape).map(({ id, properties }) => {
    const { TimeToLiveSpecification: ttl, ...table } = properties;
    return {
      TableName: nameOf(id, context),
      ...table,
      // Capacity is a quota, and the laptop has none.
      BillingMode: 'PAY_PER_REQUEST' as const,
      ...(ttl?.Enabled &&
        ttl.AttributeName && { TimeToLive: { AttributeName: ttl.AttributeName } }),
    };
  });
}
