import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { attributeOf } from './physical.ts';
import { readResources } from './read-resources.ts';

/** A Lambda function as its template describes it. */
export type FunctionDefinition = {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly description?: string | undefined;
  /** Where the unpacked bundle is. */
  readonly directory: string;
  /** `<file without ending>.<export>` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly roleArn?: string | undefined;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency?: number | undefined;
  /** How often an asynchronous invocation is tried again. */
  readonly retryAttempts: number;
};

const shape = {
  Description: z.string().optional(),
  Handler: z.string(),
  Runtime: z.string().startsWith('nodejs', 'the laptop runs Node functions only'),
  Code: z.object({ S3Key: z.string('the laptop runs functions made from an asset only') }),
  Role: z.string().optional(),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  ReservedConcurrentExecutions: z.number().optional(),
  Environment: z
    .object({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
    .default({ Variables: {} }),
};

/** The functions of the template, without those that only help CloudFormation to deploy it. */
export function functionsOf(context: Context): readonly FunctionDefinition[] {
  const deploying = deploymentHelpers(context);
  const retries = retryAttempts(context);
  const isWanted = (id: string) => !deploying.has(id);
  return readResources(context, ['AWS::Lambda::Function'], shape, isWanted).map(
    ({ id, type, properties }) => {
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
        retryAttempts: retries.get(name) ?? 2,
      };
    },
  );
}

const GetAtt = z.object({ 'Fn::GetAtt': z.tuple([z.string()]).rest(z.unknown()) });

// What a custom resource calls runs while the stack is deployed, and never again.
function deploymentHelpers({ template }: Context): ReadonlySet<string> {
  const tokens = Object.values(template.resources).map(({ Properties }) =>
    GetAtt.safeParse(Properties['ServiceToken']),
  );
  return new Set(tokens.flatMap(({ data }) => (data ? [data['Fn::GetAtt'][0]] : [])));
}

function retryAttempts(context: Context): ReadonlyMap<string, number> {
  const configs = readResources(context, ['AWS::Lambda::EventInvokeConfig'], {
    FunctionName: z.string(),
    MaximumRetryAttempts: z.number().default(2),
  });
  return new Map(
    configs.map(({ properties }) => [properties.FunctionName, properties.MaximumRetryAttempts]),
  );
}

function assetDirectory(id: string, objectKey: string, { template }: Context): string {
  const directory = template.assets.get(objectKey);
  if (directory === undefined) throw new Error(`${id}.Code: there is no asset ${objectKey}`);
  return directory;
}
