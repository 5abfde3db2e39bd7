import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { attributeOf } from './physical-names.ts';
import { readResources } from './read-resources.ts';
import { rulesOf, Target } from './read-rules.ts';

export type ScheduleDefinition = {
  /** The logical id of the rule. */
  readonly id: string;
  readonly arn: string;
  /** The sender of the event: a rule, or the newer Scheduler. Their events differ. */
  readonly source: 'aws.events' | 'aws.scheduler';
  readonly everySeconds: number;
  readonly functionArn: string;
  /** The function gets this instead of the scheduled event. */
  readonly input?: unknown;
};

/** What is read of the schedules of EventBridge Scheduler. */
export const scheduleSchema = {
  types: ['AWS::Scheduler::Schedule'],
  read: {
    FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
    ScheduleExpression: z.string(),
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    Target,
  },
  ignored: {
    Description: 'it is only a text',
    KmsKeyArn: 'data is stored unencrypted on this machine',
    ScheduleExpressionTimezone: 'a rate is the same in every time zone',
  },
};

/** The enabled schedules of the template, and its rules that run at a rate; one entry for each target. */
export function schedulesOf(context: Context): readonly ScheduleDefinition[] {
  const found = [...rules(context), ...schedules(context)];
  return found.map(({ id, type, expression, target }) => ({
    id,
    arn: attributeOf(type, nameOf(id, context), 'Arn') ?? id,
    source: type === 'AWS::Events::Rule' ? 'aws.events' : 'aws.scheduler',
    everySeconds: secondsOf(expression, id),
    functionArn: target.Arn,
    ...(target.Input !== undefined && { input: JSON.parse(target.Input) }),
  }));
}

const rules = (context: Context) =>
  rulesOf(context).flatMap(
    ({ id, type, properties: { ScheduleExpression: expression, Targets } }) =>
      expression === undefined ? [] : Targets.map((target) => ({ id, type, expression, target })),
  );

const schedules = (context: Context) =>
  readResources(context, scheduleSchema)
    .filter(({ properties }) => properties.State !== 'DISABLED')
    .map(({ id, type, properties: { ScheduleExpression: expression, Target: target } }) => ({
      id,
      type,
      expression,
      target,
    }));

const secondsIn: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

function secondsOf(expression: string, id: string): number {
  const [, count, unit = ''] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const seconds = secondsIn[unit];
  if (seconds === undefined) throw new Error(`${id}: the local stack does not know ${expression}`);
  return Number(count) * seconds;
}
