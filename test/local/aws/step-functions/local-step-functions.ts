import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { startStepFunctions } from '../../../../local/aws/step-functions/step-functions.ts';

type Invoke = Parameters<typeof startStepFunctions>[0]['invoke'];
type InvokeResult = Awaited<ReturnType<Invoke>>;
type Observed = Parameters<NonNullable<Parameters<typeof startStepFunctions>[0]['onEvent']>>[0];

/** The payload of the functions in these tests. */
const Given = z.looseObject({ token: z.string().default(''), steps: z.number().default(0) }).catch({
  token: '',
  steps: 0,
});
type Given = z.infer<typeof Given>;

export const machineArn = 'arn:aws:states:eu-central-1:000000000000:stateMachine:Develop';
export const lambdaArn = 'arn:aws:lambda:eu-central-1:000000000000:function:Work';

/** A Task that calls the function with its whole input. */
export const direct = { Type: 'Task', Resource: lambdaArn };

/** A Task that waits for its token; the function gets the token and the state's input. */
export const waiting = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Parameters: {
    FunctionName: lambdaArn,
    Payload: { 'token.$': '$$.Task.Token', 'input.$': '$' },
  },
};

export const ok = (payload: unknown = null): InvokeResult => ({ ok: true, payload });
export const failed = (errorType: string): InvokeResult => ({
  ok: false,
  errorType,
  errorMessage: 'no',
});

/** Records the task tokens with which a function is called. */
export function tokenRecorder() {
  const tokens: string[] = [];
  const keep = ({ token }: Given) => {
    tokens.push(token);
    return ok();
  };
  return { tokens, keep };
}

/** A Step Functions with one machine, and the SDK's client for it. Time runs a thousand times faster. */
export async function localStepFunctions(
  definition: object,
  invoke: (given: Given, functionArn: string) => InvokeResult | Promise<InvokeResult> = () => ok(),
  {
    speed = 1000,
    now = Date.now,
    maxEnded,
  }: { speed?: number; now?: () => number; maxEnded?: number } = {},
) {
  const events: Observed[] = [];
  const listeners = new Set<() => void>();
  const server = await startStepFunctions({
    machines: [{ arn: machineArn, definition }],
    invoke: async (functionArn, payload) => invoke(Given.parse(payload), functionArn),
    speed,
    now,
    maxEnded,
    onEvent: (event) => {
      events.push(event);
      for (const listener of listeners) listener();
    },
  });
  const client = new SFNClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (isThere()) resolve();
      };
      listeners.add(check);
      check();
    });
  const send = (taskToken: string | undefined, output: string) =>
    client.send(new SendTaskSuccessCommand({ taskToken, output }));
  return {
    client,
    events,
    close: server.close,
    remove: () => server.update([]),
    update: (next: object) => server.update([{ arn: machineArn, definition: next }]),
    types: () => events.map(({ type }) => type),
    happened: (type: string, times = 1) =>
      until(() => events.filter((event) => event.type === type).length >= times),
    start: (input: unknown = {}, name?: string) =>
      client.send(
        new StartExecutionCommand({
          stateMachineArn: machineArn,
          name,
          input: JSON.stringify(input),
        }),
      ),
    async end(executionArn: string | undefined) {
      const name = executionArn?.split(':').at(-1);
      await until(() =>
        events.some(({ execution, type }) => execution === name && endings.has(type)),
      );
      return client.send(new DescribeExecutionCommand({ executionArn }));
    },
    history: async (executionArn: string | undefined) =>
      (await client.send(new GetExecutionHistoryCommand({ executionArn }))).events ?? [],
    send,
    wake: (token: string | undefined, output: unknown = {}) => send(token, JSON.stringify(output)),
  };
}

const endings = new Set([
  'ExecutionSucceeded',
  'ExecutionFailed',
  'ExecutionAborted',
  'ExecutionTimedOut',
]);
