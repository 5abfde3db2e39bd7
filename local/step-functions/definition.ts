import * as z from 'zod';
import { lambdaResource } from './resource.ts';

// Strict on purpose: a field that nothing here acts upon (HeartbeatSeconds, Assign, JSONata, Map …)
// must not look as if it worked at home.
const Retrier = z.strictObject({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number().optional(),
  MaxAttempts: z.number().optional(),
  BackoffRate: z.number().optional(),
  MaxDelaySeconds: z.number().optional(),
  JitterStrategy: z.enum(['NONE', 'FULL']).optional(),
  Comment: z.string().optional(),
});

const Catcher = z.strictObject({
  ErrorEquals: z.array(z.string()),
  Next: z.string(),
  ResultPath: z.string().nullable().optional(),
  Comment: z.string().optional(),
});

const common = {
  Comment: z.string().optional(),
  QueryLanguage: z.literal('JSONPath').optional(),
  InputPath: z.string().nullable().optional(),
  OutputPath: z.string().nullable().optional(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
};

const Task = z.strictObject({
  ...common,
  Type: z.literal('Task'),
  Resource: lambdaResource,
  Parameters: z.unknown().optional(),
  ResultSelector: z.unknown().optional(),
  ResultPath: z.string().nullable().optional(),
  TimeoutSeconds: z.number().optional(),
  TimeoutSecondsPath: z.string().optional(),
  Retry: z.array(Retrier).optional(),
  Catch: z.array(Catcher).optional(),
});

const Wait = z.strictObject({
  ...common,
  Type: z.literal('Wait'),
  Seconds: z.number().optional(),
  SecondsPath: z.string().optional(),
  Timestamp: z.string().optional(),
  TimestampPath: z.string().optional(),
});

// These are the engine's own business; only what it ignores is refused.
const plain = { ...common, Assign: z.never().optional() };
const Plain = z.looseObject({ ...plain, Type: z.enum(['Pass', 'Succeed', 'Fail']) });

const Choice = z.looseObject({
  ...plain,
  Type: z.literal('Choice'),
  Choices: z.array(z.looseObject({ Next: z.string() })),
  Default: z.string().optional(),
});

const State = z.discriminatedUnion('Type', [Task, Wait, Choice, Plain]);

/**
 * What works here of the States Language: JSONPath, and tasks that are Lambda functions. It is no
 * validator (one takes half a second), but nothing passes that would not do here what it does on AWS.
 */
const Definition = z
  .strictObject({
    Comment: z.string().optional(),
    Version: z.string().optional(),
    QueryLanguage: z.literal('JSONPath').optional(),
    StartAt: z.string(),
    TimeoutSeconds: z.number().optional(),
    States: z.record(z.string(), State),
  })
  .superRefine(({ StartAt, States }, { addIssue }) => {
    const named = [StartAt, ...Object.values(States).flatMap(targetsOf)];
    const missing = named.filter((name) => !Object.hasOwn(States, name));
    for (const name of missing) addIssue(`there is no state ${name}`);
  });

export type Definition = z.infer<typeof Definition>;
export type Retrier = z.infer<typeof Retrier>;
export type Catcher = z.infer<typeof Catcher>;
export type Task = z.infer<typeof Task>;
export type Wait = z.infer<typeof Wait>;
export type State = z.infer<typeof State>;

/** @throws when it holds something that would not work here as it does on AWS */
export function readDefinition(definition: unknown): Definition {
  const { success, data, error } = Definition.safeParse(definition);
  if (!success) throw new Error(`This machine would not work here:\n${z.prettifyError(error)}`);
  return data;
}

function targetsOf(state: State): readonly string[] {
  const next = state.Next === undefined ? [] : [state.Next];
  if (state.Type === 'Task') return [...next, ...(state.Catch ?? []).map(({ Next }) => Next)];
  if (state.Type !== 'Choice') return next;
  const choices = state.Choices.map(({ Next }) => Next);
  return state.Default === undefined ? choices : [...choices, state.Default];
}
