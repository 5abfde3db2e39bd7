import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { EventPattern } from '../event-bridge/event-pattern.ts';
import { ownValue } from '../json-object.ts';
import type { Context } from './intrinsics.ts';
import { ignored, readResources } from './read-resources.ts';

const alwaysDelivered = 'a local function can always be reached';

/** The target of a rule or a schedule. */
export const Target = z.strictObject({
  Id: ignored('it is only a label'),
  Arn: z.string().includes(':lambda:', 'the local stack schedules functions only'),
  Input: z.string().optional(),
  InputPath: z.undefined('only a constant input is known').optional(),
  InputTransformer: z.undefined('only a constant input is known').optional(),
  RoleArn: ignored('the services of the stack may call its functions'),
  RetryPolicy: ignored(alwaysDelivered),
  DeadLetterConfig: ignored(alwaysDelivered),
});

const publishedEvents = {
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
};

/** Whether all events that match are such as the local stack publishes. A rule for others would never fire. */
function isForExecutions(pattern: EventPattern): boolean {
  const wanted = Object.entries(publishedEvents).flatMap(([field, value]) => {
    const conditions = ownValue(pattern, field);
    return conditions === undefined ? [] : [isDeepStrictEqual(conditions, [value])];
  });
  return wanted.length > 0 && !wanted.includes(false);
}

/** What is read of rules: those with a rate and those with a pattern. */
export const ruleSchema = {
  types: ['AWS::Events::Rule'],
  read: {
    EventBusName: z.literal('default', 'the local stack has the default bus only').optional(),
    EventPattern: EventPattern.refine(
      isForExecutions,
      'the local stack has the events of executions only',
    ).optional(),
    ScheduleExpression: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    Targets: z.array(Target).default([]),
  },
  ignored: {
    Description: 'it is only a text',
    Tags: 'tags change nothing',
  },
};

/**
 * The enabled rules of the template.
 * @throws {Error} that names a rule which has neither a pattern nor a rate
 */
export function rulesOf(context: Context) {
  const rules = readResources(context, ruleSchema);
  for (const { id, properties } of rules) {
    if (properties.EventPattern === undefined && properties.ScheduleExpression === undefined)
      throw new Error(`${id}: the rule has neither an EventPattern nor a ScheduleExpression`);
  }
  return rules.filter(({ properties }) => properties.State !== 'DISABLED');
}
