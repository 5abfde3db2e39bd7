import * as z from 'zod';

import { readable } from './readable.ts';
import { ofType, type Synthesised } from './synthesised.ts';

const Retry = z.object({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number().optional(),
  MaxAttempts: z.number().optional(),
  BackoffRate: z.number().optional(),
  MaxDelaySeconds: z.number().optional(),
  JitterStrategy: z.string().optional(),
});
const Catch = z.object({
  ErrorEquals: z.array(z.string()),
  Next: z.string(),
  ResultPath: z.string().nullable().optional(),
});
const State = z.object({
  Type: z.string(),
  Resource: z.string().default(''),
  Parameters: z.unknown().optional(),
  OutputPath: z.string().optional(),
  TimeoutSeconds: z.number().optional(),
  TimeoutSecondsPath: z.string().optional(),
  HeartbeatSeconds: z.number().optional(),
  HeartbeatSecondsPath: z.string().optional(),
  Retry: z.array(Retry).default([]),
  Catch: z.array(Catch).default([]),
  Next: z.string().optional(),
  End: z.boolean().optional(),
});
const Definition = z.object({ TimeoutSeconds: z.number(), States: z.record(z.string(), State) });

/** The one state machine of a stage. */
export function machineIn(stage: Synthesised) {
  const [machine, ...more] = ofType(stage, 'AWS::StepFunctions::StateMachine');
  if (!machine || more.length > 0) throw new Error('there is not exactly one state machine');
  return machine.Properties;
}

/** The definition of that machine. Functions have their names in our code, or those that `nameOf` gives them. */
export const definitionIn = (stage: Synthesised, nameOf = stage.nameOf): object =>
  z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readable(machineIn(stage)['DefinitionString'], nameOf)));

/** The parts of that definition that tests read. */
export const machineOf = (stage: Synthesised) => Definition.parse(definitionIn(stage));
