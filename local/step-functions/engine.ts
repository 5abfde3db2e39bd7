import {
  type RunOptions,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';
import * as z from 'zod';

// The engine's types know neither getters nor values that were never looked at, so they are assumed
// here, where definitions and inputs come in, and nowhere else.
const AnyDefinition = z.custom<StateMachineDefinition>();
const AnyInput = z.custom<Parameters<StateMachine['run']>[0]>();
const AnyOptions = z.custom<RunOptions>();

type Run = ReturnType<StateMachine['run']>;
export type EngineEvent = Run['eventLogs'] extends AsyncGenerator<infer Event> ? Event : never;

type Walk = {
  readonly definition: object;
  readonly input: unknown;
  /** The context object (`$$`). Its members are looked at anew each time a path is evaluated. */
  readonly context: Readonly<Record<string, object>>;
  /** What is done in the states that do something. */
  readonly handlers: Readonly<Record<string, (given: unknown) => Promise<unknown>>>;
  hear(event: EngineEvent): void;
};

/** Walks through the states. Called off, it finishes nothing and says nothing any more. */
export function walk({ definition, input, context, handlers, hear }: Walk) {
  const engine = new StateMachine(AnyDefinition.parse(definition), {
    validationOptions: { noValidate: true }, // read already, and by now more than a definition
  });
  const { abort, result, eventLogs } = engine.run(
    AnyInput.parse(input),
    AnyOptions.parse({
      context,
      noThrowOnAbort: true,
      overrides: { taskResourceLocalHandlers: handlers },
    }),
  );
  const listen = async () => {
    for await (const event of eventLogs) hear(event);
  };
  // How it ended is heard; the result would only say it again.
  const finished = Promise.all([listen(), result.catch(() => undefined)]);
  return { callOff: abort, finished };
}
