import * as z from 'zod';
import { EventPattern } from '../event-bridge/event-pattern.ts';
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

/** What is read of rules: those with a rate and those with a pattern. */
export const ruleSchema = {
  types: ['AWS::Events::Rule'],
  read: {
    EventBusName: z.literal('default', 'the local stack has the default bus only').optional(),
    EventPattern: EventPattern.optional(),
    ScheduleExpression: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    Targets: z.array(Target).default([]),
  },
  ignored: {
    Description: 'it is only a text',
    Tags: 'tags change nothing',
  },
};

/** The enabled rules of the template. */
export const rulesOf = (context: Context) =>
  readResources(context, ruleSchema).filter(({ properties }) => properties.State !== 'DISABLED');
