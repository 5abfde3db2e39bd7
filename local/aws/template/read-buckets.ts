import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { ignored, readResources } from './read-resources.ts';

type CorsRule = z.infer<typeof CorsRule>;

type BucketNotification = {
  /** `s3:ObjectCreated:*` and the like. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
  readonly functionArn: string;
};

export type BucketDefinition = {
  readonly id: string;
  readonly name: string;
  readonly versioned: boolean;
  readonly cors: readonly CorsRule[];
  readonly notifications: readonly BucketNotification[];
};

const CorsRule = z.strictObject({
  Id: ignored('it is only a label'),
  AllowedOrigins: z.array(z.string()),
  AllowedMethods: z.array(z.string()),
  AllowedHeaders: z.array(z.string()).optional(),
  ExposedHeaders: z.array(z.string()).optional(),
  MaxAge: z.number().optional(),
});

const FilterRule = z.strictObject({
  Name: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['prefix', 'suffix'])),
  Value: z.string(),
});

/** What is read of CDK's notifications: it sets them through a custom resource, never on the bucket itself. */
export const notificationSchema = {
  types: ['Custom::S3BucketNotifications'],
  read: {
    BucketName: z.string(),
    // A queue, a topic or an event bus is refused: the local stack has none that a bucket notifies.
    NotificationConfiguration: z.strictObject({
      LambdaFunctionConfigurations: z.array(
        z.strictObject({
          Id: ignored('it is only a label'),
          Events: z.array(
            z
              .string()
              .regex(
                /^s3:ObjectCreated:(\*|Put|Post|Copy|CompleteMultipartUpload)$/,
                'a local bucket notifies of new objects only',
              ),
          ),
          Filter: z
            .strictObject({ Key: z.strictObject({ FilterRules: z.array(FilterRule) }) })
            .optional(),
          LambdaFunctionArn: z.string(),
        }),
      ),
    }),
  },
  ignored: {
    ServiceToken: 'the function behind it only runs while AWS deploys',
    Managed: 'the bucket is of this template',
    SkipDestinationValidation: 'nothing is validated at AWS',
  },
};

const notObserved = 'nothing is measured here';

/** What is read of buckets. */
export const bucketSchema = {
  types: ['AWS::S3::Bucket'],
  read: {
    CorsConfiguration: z.strictObject({ CorsRules: z.array(CorsRule) }).optional(),
    VersioningConfiguration: z
      .strictObject({ Status: z.literal('Enabled', 'suspended versions are not emulated') })
      .optional(),
    NotificationConfiguration: z
      .undefined('only the notifications that CDK sets are known')
      .optional(),
  },
  ignored: {
    AnalyticsConfigurations: notObserved,
    BucketEncryption: 'data is stored unencrypted on this machine',
    IntelligentTieringConfigurations: 'it only changes the price',
    InventoryConfigurations: notObserved,
    LifecycleConfiguration: 'objects stay until they are deleted',
    LoggingConfiguration: notObserved,
    MetricsConfigurations: notObserved,
    OwnershipControls: 'there is one account',
    PublicAccessBlockConfiguration: 'every request must be signed',
    Tags: 'tags change nothing',
  },
};

/**
 * The buckets of the template, each with the functions that it notifies of new objects.
 * @throws {Error} that names a notification of a bucket that is not in it
 */
export function bucketsOf(context: Context): readonly BucketDefinition[] {
  const notifying = readResources(context, notificationSchema);
  const buckets = readResources(context, bucketSchema);
  const names = buckets.map(({ id }) => nameOf(id, context));
  for (const { id, properties } of notifying) {
    const { BucketName } = properties;
    if (!names.includes(BucketName))
      throw new Error(`${id}: the bucket ${BucketName} is not in the template`);
  }
  return buckets.map(({ id, properties }) => {
    const name = nameOf(id, context);
    const notifications = notifying
      .filter((one) => one.properties.BucketName === name)
      .flatMap((one) => one.properties.NotificationConfiguration.LambdaFunctionConfigurations)
      .map(({ Events, Filter, LambdaFunctionArn }) => {
        const rules = Filter?.Key.FilterRules ?? [];
        const value = (wanted: string) => rules.find(({ Name }) => Name === wanted)?.Value ?? '';
        return {
          events: Events,
          prefix: value('prefix'),
          suffix: value('suffix'),
          functionArn: LambdaFunctionArn,
        };
      });
    return {
      id,
      name,
      versioned: properties.VersioningConfiguration !== undefined,
      cors: properties.CorsConfiguration?.CorsRules ?? [],
      notifications,
    };
  });
}
