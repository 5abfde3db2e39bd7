import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { region } from './physical-names.ts';
import { ignored, readResources } from './read-resources.ts';

const noCapacity = 'a local table has no limit of capacity';
const notObserved = 'nothing is measured here';
const noBackups = 'there are no backups here';

const KeySchema = z.array(
  z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }),
);

const Index = z
  .strictObject({
    IndexName: z.string(),
    KeySchema,
    Projection: z.strictObject({
      ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
      NonKeyAttributes: z.array(z.string()).optional(),
    }),
    ProvisionedThroughput: ignored(noCapacity),
    OnDemandThroughput: ignored(noCapacity),
    WarmThroughput: ignored(noCapacity),
    ReadProvisionedThroughputSettings: ignored(noCapacity),
    ReadOnDemandThroughputSettings: ignored(noCapacity),
    WriteProvisionedThroughputSettings: ignored(noCapacity),
    WriteOnDemandThroughputSettings: ignored(noCapacity),
    ContributorInsightsSpecification: ignored(notObserved),
  })
  .transform(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }));

const Replica = z.strictObject({
  Region: z.literal(region, 'the local stack has one region'),
  GlobalSecondaryIndexes: ignored('they only have settings of capacity'),
  DeletionProtectionEnabled: ignored('no stack is deleted here'),
  PointInTimeRecoverySpecification: ignored(noBackups),
  ContributorInsightsSpecification: ignored(notObserved),
  ReadProvisionedThroughputSettings: ignored(noCapacity),
  ReadOnDemandThroughputSettings: ignored(noCapacity),
  SSESpecification: ignored('data is stored unencrypted on this machine'),
  TableClass: ignored('it only changes the price'),
  Tags: ignored('tags change nothing'),
});

/** What is read of tables. */
export const tableSchema = {
  types: ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'],
  read: {
    KeySchema,
    AttributeDefinitions: z.array(
      z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    GlobalSecondaryIndexes: z.array(Index).optional(),
    LocalSecondaryIndexes: z.array(Index).optional(),
    TimeToLiveSpecification: z
      .strictObject({ AttributeName: z.string().optional(), Enabled: z.boolean() })
      .optional(),
    Replicas: z.array(Replica).max(1).optional(),
  },
  ignored: {
    BillingMode: noCapacity,
    ProvisionedThroughput: noCapacity,
    OnDemandThroughput: noCapacity,
    WarmThroughput: noCapacity,
    ReadProvisionedThroughputSettings: noCapacity,
    ReadOnDemandThroughputSettings: noCapacity,
    WriteProvisionedThroughputSettings: noCapacity,
    WriteOnDemandThroughputSettings: noCapacity,
    SSESpecification: 'data is stored unencrypted on this machine',
    PointInTimeRecoverySpecification: noBackups,
    ContributorInsightsSpecification: notObserved,
    DeletionProtectionEnabled: 'no stack is deleted here',
    TableClass: 'it only changes the price',
    Tags: 'tags change nothing',
  },
};

/** The tables of the template in the shape of CreateTable, with their time-to-live attribute. */
export function tablesOf(context: Context) {
  return readResources(context, tableSchema).map(({ id, properties }) => {
    const { TimeToLiveSpecification: ttl } = properties;
    return {
      TableName: nameOf(id, context),
      KeySchema: properties.KeySchema,
      AttributeDefinitions: properties.AttributeDefinitions,
      GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes,
      LocalSecondaryIndexes: properties.LocalSecondaryIndexes,
      // The local stack has no capacity limits.
      BillingMode: 'PAY_PER_REQUEST' as const,
      ...(ttl?.Enabled &&
        ttl.AttributeName && { TimeToLive: { AttributeName: ttl.AttributeName } }),
    };
  });
}
