import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Entry } from '../functions/runtime/env.ts';
import type { Binding, EnvironmentOf, Grant } from './bindings.ts';

/** What is special about one function. */
export type FunctionRow<E extends Entry> = {
  /** Its construct id. */
  readonly id: string;
  /** Its environment variables; the bindings among them bring their permissions along. */
  readonly environment: EnvironmentOf<E>;
  /** Permissions for resources that the code does not name: a task token says itself which execution it ends. */
  readonly permissions?: readonly Grant[];
  readonly memoryMb?: number;
  readonly timeoutSeconds?: number;
  /** Why several routes share this function and its permissions. Required as soon as they do. */
  readonly sharedBecause?: string;
};

/** A group of functions, one row for each entry. */
export type FunctionTable<E extends Entry> = { readonly [Key in E]: FunctionRow<Key> };

/** The functions that were made from a table, by their entries. */
export type Functions<E extends Entry> = { readonly [Key in E]: Lambda };

/** The code of an entry. */
export type CodeOf = (entry: Entry) => Code;

type Defaults = {
  readonly codeOf: CodeOf;
  readonly logDays: RetentionDays;
  readonly memoryMb?: number;
};

/** Makes every function of a table. */
export const createFunctions = <E extends Entry>(
  scope: Construct,
  table: FunctionTable<E>,
  defaults: Defaults,
): Functions<E> =>
  // Object.entries forgets that the keys are entries, and fromEntries that none is missing.
  Object.fromEntries(
    Object.entries<FunctionRow<Entry>>(table as Record<string, FunctionRow<Entry>>).map(
      ([entry, row]) => [
        entry,
        new Lambda(scope, row.id, { entry: entry as Entry, ...defaults, ...row }),
      ],
    ),
  ) as Functions<E>;

type Props = Omit<FunctionRow<Entry>, 'id'> & Defaults & { readonly entry: Entry };

/** A Lambda function with its bundle, its log group and a role whose one policy holds exactly what its row grants. */
export class Lambda extends LambdaFunction {
  /** See `FunctionRow`. */
  readonly sharedBecause: string | undefined;

  constructor(scope: Construct, id: string, props: Props) {
    const { entry, codeOf, logDays, permissions = [], timeoutSeconds = 10, memoryMb = 512 } = props;
    const { variables, grants } = unbind(props.environment);
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const writeLogs: Grant = {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    };
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      // Inside the role, and not a resource of its own: one resource less for each function, and no
      // function ever runs before its policy is attached.
      inlinePolicies: {
        Permissions: new PolicyDocument({
          statements: [writeLogs, ...grants, ...permissions].map(toStatement),
        }),
      },
    });
    super(scope, id, {
      code: codeOf(entry),
      handler: 'index.handler',
      description: entry,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMb,
      environment: variables,
      logGroup,
      role,
    });
    this.sharedBecause = props.sharedBecause;
  }

  /** Lets another function invoke this one. */
  allow(action: 'lambda:InvokeFunction'): Binding<'function'> {
    return {
      kind: 'function',
      value: this.functionName,
      grants: [{ actions: [action], resources: [this.functionArn] }],
    };
  }
}

const toStatement = ({ actions, resources }: Grant): PolicyStatement =>
  new PolicyStatement({ actions: [...actions], resources: [...resources] });

/** Takes an environment apart: the variables, and the grants of the bindings among them. */
function unbind(environment: Readonly<Record<string, string | Binding | undefined>>) {
  const variables: Record<string, string> = {};
  const grants: Grant[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (typeof value === 'string') {
      variables[name] = value;
    } else {
      variables[name] = value.value;
      grants.push(...value.grants);
    }
  }
  return { variables, grants };
}
