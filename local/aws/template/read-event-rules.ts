import type { EventPattern } from '../event-bridge/event-pattern.ts';
import type { Context } from './intrinsics.ts';
import { rulesOf } from './read-rules.ts';

export type EventRule = {
  /** The logical id of the rule. */
  readonly id: string;
  readonly pattern: EventPattern;
  readonly functionArn: string;
  /** The function gets this instead of the event. */
  readonly input?: unknown;
};

/** The enabled event rules of the template, one entry for each target. */
export const eventRulesOf = (context: Context): readonly EventRule[] =>
  rulesOf(context).flatMap(({ id, properties: { EventPattern: pattern, Targets } }) =>
    pattern === undefined
      ? []
      : Targets.map(({ Arn: functionArn, Input }) => ({
          id,
          pattern,
          functionArn,
          ...(Input !== undefined && { input: JSON.parse(Input) }),
        })),
  );
