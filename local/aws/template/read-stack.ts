import { accountLimits } from '../http-api/throttle.ts';
import { checkTargets } from './check-targets.ts';
import { checkTemplate } from './check-template.ts';
import { type Context, outputsOf } from './intrinsics.ts';
import { bucketsOf } from './read-buckets.ts';
import { eventRulesOf } from './read-event-rules.ts';
import { functionsOf } from './read-functions.ts';
import { httpApiOf } from './read-http-api.ts';
import { checkMachines, machinesOf } from './read-machines.ts';
import { checkParameters } from './read-parameters.ts';
import { rolesOf } from './read-roles.ts';
import { schedulesOf } from './read-schedules.ts';
import { secretsOf } from './read-secrets.ts';
import { tablesOf } from './read-tables.ts';

export type StackDefinition = ReturnType<typeof readStack>;

/**
 * Everything that the local stack runs of a template, read before anything starts.
 * @throws {Error} that names what the local stack does not know
 */
export function readStack(context: Context) {
  checkParameters(context.template, context.parameters ?? {});
  checkTemplate(context);
  const machines = machinesOf(context);
  checkMachines(machines);
  const stack = {
    context,
    api: httpApiOf(context) ?? noApi,
    functions: functionsOf(context),
    tables: tablesOf(context),
    buckets: bucketsOf(context),
    secrets: secretsOf(context),
    machines,
    roles: rolesOf(context),
    eventRules: eventRulesOf(context),
    schedules: schedulesOf(context),
    outputs: outputsOf(context),
  };
  checkTargets(stack);
  return stack;
}

const noApi = {
  stageName: '$default',
  cors: undefined,
  throttling: { default: accountLimits, routes: {} },
  routes: [],
};
