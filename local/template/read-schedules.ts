import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { attributeOf } from './physical.ts';
import { readResources } from './read-resources.ts';

export type ScheduleDefinition = {
  /** The logical id of the rule. */
  readonly id: string;
  readonly arn: string;
  /** Who sends the event: rules and the newer Scheduler word it differently. */
  readonly source: 'aws.events' | 'aws.scheduler';
  readonly everySeconds: number;
  readonly functionArn: string;
  /** What the function gets instead of the scheduled event. */
  readonly input?: unknown;
};

/** What a rule or a schedule calls. */
export const Target = z.object({
  Arn: z.string().includes(':lambda:', 'the laptop schedules functions only'),
  Input: z.string().optional(),
  InputPath: z.undefined('only a constant input is played').optional(),
  InputTransformer: z.undefined('only a constant input is played').optional(),
});

/** What the template runs every so often: its enabled rules and schedules, one for each target. */
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

function rules(context: Context) {
  const timed =
    ({ template }: Context) =>
    (id: string) =>
      'ScheduleExpression' in (template.resources[id]?.Properties ?? {});
  // The others wait for events.
  return readResources(
    context,
    ['AWS::Events::Rule'],
    {
      ScheduleExpression: z.string(),
      State: z.string().optional(),
      Targets: z.array(Target).default([]),
    },
    timed(context),
  )
    .filter(({ properties }) => properties.State !== 'DISABLED')
    .flatMap(({ id, type, properties: { ScheduleExpression: expression, Targets } }) =>
      Targets.map((target) => ({ id, type, expression, target })),
    );
}

const schedules = (context: Context) =>
  readResources(context, ['AWS::Scheduler::Schedule'], {
    ScheduleExpression: z.string(),
    State: z.string().optional(),
    Target,
  })
    .filter(({ properties }) => properties.State !== 'DISABLED')
    .map(({ id, type, properties: { ScheduleExpression: expression, Target: target } }) => ({
      id,
      type,
      expression,
      target,
    }));

const secondsIn: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

function secondsOf(expression: string, id: string): number {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const seconds = secondsIn[unit];
  if (seconds === undefined) throw new Error(`${id}: the laptop does not know ${expression}`);
  return Number(count) * seconds;
}
