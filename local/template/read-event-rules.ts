import * as z from 'zod';
import { EventPattern } from '../event-pattern.ts';
import type { Context } from './intrinsics.ts';
import { readResources } from './read-resources.ts';
import { Target } from './read-schedules.ts';

export type EventRule = {
  readonly pattern: EventPattern;
  readonly functionArn: string;
  /** What the function gets instead of the event. */
  readonly input?: unknown;
};

/** The enabled rules of the template that wait for events, one for each target. */
export function eventRulesOf(context: Context): readonly EventRule[] {
  const isWaiting = (id: string) =>
    'EventPattern' in (context.template.resources[id]?.Properties ?? {});
  const rules = readResources(
    context,
    ['AWS::Events::Rule'],
    {
      EventPattern,
      EventBusName: z.undefined('only the default bus is played').optional(),
      State: z.string().optional(),
      Targets: z.array(Target).default([]),
    },
    isWaiting,
  );
  return rules
    .filter(({ properties }) => properties.State !== 'DISABLED')
    .flatMap(({ properties: { EventPattern: pattern, Targets } }) =>
      Targets.map(({ Arn: functionArn, Input }) => ({
        pattern,
        functionArn,
        ...(Input !== undefined && { input: JSON.parse(Input) }),
      })),
    );
}
