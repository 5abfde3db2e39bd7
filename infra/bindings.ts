import type { Entry, EnvOf } from '../functions/runtime/env.ts';

/** An array that cannot be empty: a binding without a permission does not type-check. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** Actions that are allowed on resources, given by their ARNs. */
export type Grant = {
  readonly actions: readonly string[];
  readonly resources: NonEmpty<string>;
};

type ResourceKind = 'table' | 'bucket' | 'secret' | 'function' | 'state machine';

/**
 * The value of an environment variable, together with the permission to use the resource that it names.
 * Resources hand it out (`tables.tasks.allow('dynamodb:GetItem')`), and a function takes both at once.
 */
export type Binding<Kind extends ResourceKind = ResourceKind> = {
  readonly kind: Kind;
  readonly value: string;
  readonly grants: NonEmpty<Grant>;
};

/** The kind of resource that a variable names, or `never` for a plain setting. */
type KindOf<Variable> = Variable extends `${string}_TABLE`
  ? 'table'
  : Variable extends `${string}_BUCKET`
    ? 'bucket'
    : Variable extends `${string}_SECRET`
      ? 'secret'
      : Variable extends `${string}_FUNCTION`
        ? 'function'
        : Variable extends 'WORKFLOW_ARN'
          ? 'state machine'
          : never;

/**
 * The environment of one Lambda as infra/ gives it. A variable that names a resource takes a binding to
 * a resource of that kind and nothing else, so the name and the permission always come together.
 */
export type EnvironmentOf<E extends Entry> = {
  readonly [Variable in keyof EnvOf<E>]: [KindOf<Variable>] extends [never]
    ? EnvOf<E>[Variable]
    : Binding<KindOf<Variable>>;
};
