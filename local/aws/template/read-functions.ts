import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { attributeOf } from './physical-names.ts';
import { ignored, readResources } from './read-resources.ts';

/** A Lambda function as its template describes it. */
export type FunctionDefinition = {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly description?: string | undefined;
  /** The directory of the unpacked bundle. */
  readonly directory: string;
  /** `<file without ending>.<export>` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly roleArn?: string | undefined;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency?: number | undefined;
  /** How often a failed asynchronous invocation is retried. */
  readonly retryAttempts: number;
  /** How long an asynchronous invocation may wait for its next attempt. */
  readonly maxEventAgeSeconds: number;
};

/** How long Lambda keeps an event, unless it is told otherwise: six hours. */
const defaultEventAgeSeconds = 6 * 60 * 60;

/** What is read of functions. */
export const functionSchema = {
  types: ['AWS::Lambda::Function'],
  read: {
    Description: z.string().optional(),
    Handler: z.string(),
    Runtime: z.string().startsWith('nodejs', 'the local stack runs Node functions only'),
    Code: z.strictObject({
      S3Bucket: ignored('the asset lies in the directory of the template'),
      S3Key: z.string('the local stack runs functions with an asset only'),
    }),
    PackageType: z.literal('Zip').optional(),
    Role: z.string().optional(),
    Timeout: z.number().default(3),
    MemorySize: z.number().default(128),
    ReservedConcurrentExecutions: z.number().optional(),
    Environment: z
      .strictObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
      .default({ Variables: {} }),
    LoggingConfig: z
      .strictObject({
        LogGroup: ignored('a function logs to a file of its own'),
        LogFormat: z.literal('Text', 'the local stack writes lines as they are').optional(),
      })
      .optional(),
  },
  ignored: {
    Architectures: 'a function runs on this machine',
    EphemeralStorage: 'the temporary folder is that of this machine',
    KmsKeyArn: 'variables are stored unencrypted on this machine',
    RecursiveLoop: 'loops are not detected',
    RuntimeManagementConfig: 'the runtime is the Node of this machine',
    Tags: 'tags change nothing',
    TracingConfig: 'nothing is traced here',
  },
};

/** What is read of the retries of asynchronous invocations. */
export const eventInvokeSchema = {
  types: ['AWS::Lambda::EventInvokeConfig'],
  read: {
    FunctionName: z.string(),
    MaximumRetryAttempts: z.number().default(2),
    MaximumEventAgeInSeconds: z.number().default(defaultEventAgeSeconds),
    Qualifier: z.literal('$LATEST', 'the local stack has one version of each function'),
  },
  ignored: {},
};

/** The functions of the template, without those that only run while it is deployed. */
export function functionsOf(context: Context): readonly FunctionDefinition[] {
  const helpers = deploymentHelpers(context);
  const invokeConfigs = invokeConfigsOf(context);
  const isWanted = (id: string) => !helpers.has(id);
  return readResources(context, functionSchema, isWanted).map(({ id, type, properties }) => {
    const name = nameOf(id, context);
    return {
      id,
      name,
      arn: attributeOf(type, name, 'Arn') ?? name,
      description: properties.Description,
      directory: assetDirectory(id, properties.Code.S3Key, context),
      handler: properties.Handler,
      environment: properties.Environment.Variables,
      roleArn: properties.Role,
      timeoutSeconds: properties.Timeout,
      memoryMb: properties.MemorySize,
      reservedConcurrency: properties.ReservedConcurrentExecutions,
      retryAttempts: invokeConfigs.get(name)?.MaximumRetryAttempts ?? 2,
      maxEventAgeSeconds:
        invokeConfigs.get(name)?.MaximumEventAgeInSeconds ?? defaultEventAgeSeconds,
    };
  });
}

const GetAtt = z.object({ 'Fn::GetAtt': z.tuple([z.string()]).rest(z.unknown()) });

/** The functions of custom resources: they run while the stack is deployed, and never again. */
export function deploymentHelpers({ template }: Context): ReadonlySet<string> {
  const tokens = Object.values(template.resources).map(({ Properties }) =>
    GetAtt.safeParse(Properties['ServiceToken']),
  );
  return new Set(tokens.flatMap(({ data }) => (data ? [data['Fn::GetAtt'][0]] : [])));
}

const invokeConfigsOf = (context: Context) =>
  new Map(
    readResources(context, eventInvokeSchema).map(({ properties }) => [
      properties.FunctionName,
      properties,
    ]),
  );

function assetDirectory(id: string, objectKey: string, { template }: Context): string {
  const directory = template.assets.get(objectKey);
  if (directory === undefined) throw new Error(`${id}.Code: there is no asset ${objectKey}`);
  return directory;
}
