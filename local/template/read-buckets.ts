import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { readResources } from './read-resources.ts';

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
  readonly cors: readonly CorsRule[];
  readonly notifications: readonly BucketNotification[];
};

const CorsRule = z.object({
  AllowedOrigins: z.array(z.string()),
  AllowedMethods: z.array(z.string()),
  AllowedHeaders: z.array(z.string()).optional(),
  ExposedHeaders: z.array(z.string()).optional(),
  MaxAge: z.number().optional(),
});

const FilterRule = z.object({ Name: z.string().toLowerCase(), Value: z.string() });

// Strict: a queue, a topic or an event bus here is something the laptop would leave out silently.
const NotificationConfiguration = z.strictObject({
  LambdaFunctionConfigurations: z.array(
    z.object({
      Events: z.array(z.string()),
      Filter: z.object({ Key: z.object({ FilterRules: z.array(FilterRule) }) }).optional(),
      LambdaFunctionArn: z.string(),
    }),
  ),
});

/** The buckets of the template, each with the functions it tells about its objects. */
export function bucketsOf(context: Context): readonly BucketDefinition[] {
  // CDK sets notifications through a custom resource, never on the bucket itself.
  const notifying = readResources(context, ['Custom::S3BucketNotifications'], {
    BucketName: z.string(),
    NotificationConfiguration,
  });
  const buckets = readResources(context, ['AWS::S3::Bucket'], {
    CorsConfiguration: z.object({ CorsRules: z.array(CorsRule) }).optional(),
    NotificationConfiguration: z.undefined('only notifications of CDK are played').optional(),
  });
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
    return { id, name, cors: properties.CorsConfiguration?.CorsRules ?? [], notifications };
  });
}
