import type { BucketDefinition } from './read-buckets.ts';
import type { EventRule } from './read-event-rules.ts';
import type { FunctionDefinition } from './read-functions.ts';
import type { RouteDefinition } from './read-http-api.ts';
import type { ScheduleDefinition } from './read-schedules.ts';

type Stack = {
  readonly functions: readonly FunctionDefinition[];
  readonly api: { readonly routes: readonly RouteDefinition[] };
  readonly buckets: readonly BucketDefinition[];
  readonly eventRules: readonly EventRule[];
  readonly schedules: readonly ScheduleDefinition[];
};

/**
 * Checks that every function that a route, a bucket, a rule or a schedule calls is in the template.
 * @throws {Error} that names each that is not, and what calls it
 */
export function checkTargets({ functions, api, buckets, eventRules, schedules }: Stack): void {
  const known = new Set(functions.map(({ arn }) => arn));
  const calls = [
    ...api.routes.map(({ key, functionArn }) => ({ caller: `the route ${key}`, functionArn })),
    ...buckets.flatMap(({ id, notifications }) =>
      notifications.map(({ functionArn }) => ({ caller: id, functionArn })),
    ),
    ...[...eventRules, ...schedules].map(({ id, functionArn }) => ({ caller: id, functionArn })),
  ];
  const problems = calls
    .filter(({ functionArn }) => !known.has(functionArn))
    .map(({ caller, functionArn }) => `${caller}: there is no function ${functionArn}`);
  if (problems.length > 0) {
    throw new Error(`The local stack cannot run this template:\n${problems.join('\n')}`);
  }
}
