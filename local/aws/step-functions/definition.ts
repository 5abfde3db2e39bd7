import * as z from 'zod';
import { parseCondition } from './choice-rule.ts';
import { parseExpression } from './expression.ts';
import { parsePath } from './paths.ts';
import { parseTemplate } from './payload-template.ts';
import { checkParameters, lambdaResource } from './resource.ts';

// Every object is strict on purpose: a field that is not implemented (Credentials, Assign, ItemReader …)
// is an error, and not ignored. Paths, templates and rules are read here, once, so that one that is not
// supported is an error too.

/** A schema that reads a value with a parser, whose error becomes an issue at the place of the value. */
const parsed = <S extends z.ZodType, T>(schema: S, parse: (value: z.output<S>) => T) =>
  schema.transform((value, { addIssue }) => {
    try {
      return parse(value);
    } catch (error) {
      addIssue(error instanceof Error ? error.message : String(error));
      return z.NEVER;
    }
  });

const path = parsed(z.string(), parsePath);
/** Where a result is put: never into the context object. */
const resultPath = parsed(z.string(), (text) => {
  const { root, ...rest } = parsePath(text);
  if (root === 'context') throw new Error(`${text} is a path into the context object`);
  return { root, ...rest };
});
const expression = parsed(z.string(), parseExpression);
const template = parsed(z.unknown(), parseTemplate).optional();

const maxSeconds = 99_999_999;
const seconds = z.int().nonnegative().max(maxSeconds);
const positiveSeconds = seconds.positive();

const ErrorEquals = z.array(z.string()).min(1);
type Rule = { readonly ErrorEquals: readonly string[] };

/** States.ALL stands alone, and in the last rule: a rule after it would never match. */
const rulesOf = <T extends Rule>(rule: z.ZodType<T>) =>
  z
    .array(rule)
    .refine((rules) => rules.every(({ ErrorEquals: names }) => isAloneIfAll(names)), {
      error: 'States.ALL must be the only name of its rule',
    })
    .refine((rules) => rules.slice(0, -1).every(({ ErrorEquals: names }) => !isForAll(names)), {
      error: 'States.ALL must be in the last rule',
    })
    .optional();

const isForAll = (names: readonly string[]) => names.includes('States.ALL');
const isAloneIfAll = (names: readonly string[]) => names.length === 1 || !isForAll(names);

const Retry = rulesOf(
  z.strictObject({
    Comment: z.string().optional(),
    ErrorEquals,
    IntervalSeconds: positiveSeconds.optional(),
    MaxAttempts: z.int().nonnegative().max(maxSeconds).optional(),
    BackoffRate: z.number().min(1).optional(),
    MaxDelaySeconds: positiveSeconds.optional(),
    JitterStrategy: z.enum(['NONE', 'FULL']).optional(),
  }),
);

const Catch = rulesOf(
  z.strictObject({
    Comment: z.string().optional(),
    ErrorEquals,
    Next: z.string(),
    ResultPath: resultPath.nullable().optional(),
  }),
);

const description = {
  Comment: z.string().optional(),
  QueryLanguage: z.literal('JSONPath').optional(),
};
const paths = { InputPath: path.nullable().optional(), OutputPath: path.nullable().optional() };
const transition = { Next: z.string().optional(), End: z.boolean().optional() };
const result = { ResultPath: resultPath.nullable().optional() };

const Task = parsed(
  z
    .strictObject({
      ...description,
      ...paths,
      ...transition,
      ...result,
      Type: z.literal('Task'),
      Resource: lambdaResource,
      Parameters: z.unknown().optional(),
      ResultSelector: template,
      TimeoutSeconds: positiveSeconds.optional(),
      TimeoutSecondsPath: path.optional(),
      HeartbeatSeconds: positiveSeconds.optional(),
      HeartbeatSecondsPath: path.optional(),
      Retry,
      Catch,
    })
    .refine((task) => task.TimeoutSeconds === undefined || task.TimeoutSecondsPath === undefined, {
      error: 'TimeoutSeconds and TimeoutSecondsPath exclude each other',
    })
    .refine(
      (task) => task.HeartbeatSeconds === undefined || task.HeartbeatSecondsPath === undefined,
      { error: 'HeartbeatSeconds and HeartbeatSecondsPath exclude each other' },
    )
    .refine(
      ({ TimeoutSeconds = maxSeconds, HeartbeatSeconds = 0 }) => HeartbeatSeconds < TimeoutSeconds,
      { error: 'HeartbeatSeconds must be smaller than TimeoutSeconds' },
    ),
  ({ Parameters, ...task }) => {
    checkParameters(task.Resource, Parameters);
    return {
      ...task,
      Parameters: Parameters === undefined ? undefined : parseTemplate(Parameters),
    };
  },
);

const durations = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'] as const;

const Wait = z
  .strictObject({
    ...description,
    ...paths,
    ...transition,
    Type: z.literal('Wait'),
    Seconds: seconds.optional(),
    SecondsPath: path.optional(),
    Timestamp: z.iso.datetime({ offset: true }).optional(),
    TimestampPath: path.optional(),
  })
  .refine((wait) => durations.filter((name) => wait[name] !== undefined).length === 1, {
    error: `a Wait has exactly one of ${durations.join(', ')}`,
  });

const Pass = z.strictObject({
  ...description,
  ...paths,
  ...transition,
  ...result,
  Type: z.literal('Pass'),
  Result: z.unknown().optional(),
  Parameters: template,
});

const Succeed = z.strictObject({ ...description, ...paths, Type: z.literal('Succeed') });

const Fail = z
  .strictObject({
    ...description,
    Type: z.literal('Fail'),
    Error: z.string().optional(),
    ErrorPath: expression.optional(),
    Cause: z.string().optional(),
    CausePath: expression.optional(),
  })
  .refine((fail) => fail.Error === undefined || fail.ErrorPath === undefined, {
    error: 'Error and ErrorPath exclude each other',
  })
  .refine((fail) => fail.Cause === undefined || fail.CausePath === undefined, {
    error: 'Cause and CausePath exclude each other',
  });

const ChoiceRule = parsed(z.looseObject({ Next: z.string() }), ({ Next, ...rule }) => ({
  Next,
  condition: parseCondition(rule),
}));

const Choice = z.strictObject({
  ...description,
  ...paths,
  Type: z.literal('Choice'),
  Choices: z.array(ChoiceRule).min(1),
  Default: z.string().optional(),
});

const MapFields = z.strictObject({
  ...description,
  ...paths,
  ...transition,
  ...result,
  Type: z.literal('Map'),
  ItemsPath: path.optional(),
  ItemSelector: template,
  MaxConcurrency: z.int().nonnegative().optional(),
  ResultSelector: template,
  Retry,
  Catch,
});

/** States that run one after another: a whole machine, or what a Map does with one item. */
export interface Branch {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export type Task = z.infer<typeof Task>;
export type Wait = z.infer<typeof Wait>;
export type Pass = z.infer<typeof Pass>;
export type Succeed = z.infer<typeof Succeed>;
export type Fail = z.infer<typeof Fail>;
export type Choice = z.infer<typeof Choice>;
export type MapState = z.infer<typeof MapFields> & { readonly ItemProcessor: Branch };
export type State = Task | Wait | Pass | Succeed | Fail | Choice | MapState;

const states: z.ZodType<Branch['States']> = z.lazy(() => z.record(z.string(), StateSchema));

const Processor = z.strictObject({
  Comment: z.string().optional(),
  StartAt: z.string(),
  States: states,
  ProcessorConfig: z
    .strictObject({
      Mode: z
        .literal('INLINE', { error: ({ input }) => `the Mode ${input} is not supported` })
        .optional(),
    })
    .optional(),
});

// Iterator and Parameters are the former names of ItemProcessor and ItemSelector.
const MapSchema = parsed(
  MapFields.extend({
    ItemProcessor: Processor.optional(),
    Iterator: Processor.optional(),
    Parameters: template,
  }),
  ({ ItemProcessor, Iterator, ItemSelector, Parameters, ...map }) => {
    const processor = ItemProcessor ?? Iterator;
    if (!processor || (ItemProcessor && Iterator))
      throw new Error('a Map has exactly one of ItemProcessor, Iterator');
    if (ItemSelector && Parameters)
      throw new Error('ItemSelector and Parameters exclude each other');
    return { ...map, ItemProcessor: processor, ItemSelector: ItemSelector ?? Parameters };
  },
);

const StateSchema = z.discriminatedUnion(
  'Type',
  [Task, Wait, Pass, Succeed, Fail, Choice, MapSchema],
  { error: ({ input }) => `the state type ${typeOf(input)} is not supported` },
);

const typeOf = (state: unknown) =>
  z.looseObject({ Type: z.unknown() }).safeParse(state).data?.Type ?? 'of a state without Type';

/** A machine whose paths, templates and rules are read. */
export const Definition = z.strictObject({
  Comment: z.string().optional(),
  Version: z.string().optional(),
  QueryLanguage: z.literal('JSONPath').optional(),
  StartAt: z.string(),
  TimeoutSeconds: positiveSeconds.optional(),
  States: states,
});

export type Definition = z.infer<typeof Definition>;
