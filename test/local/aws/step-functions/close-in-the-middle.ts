// A test runs this file as a process of its own. The process must end by itself soon after everything is closed.
import { startStepFunctions } from '../../../../local/aws/step-functions/step-functions.ts';

const lambda = 'arn:aws:lambda:eu-central-1:000000000000:function:Work';
const definitions = {
  TaskSubmitted: {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Parameters: { FunctionName: lambda, Payload: { 'token.$': '$$.Task.Token' } },
    TimeoutSeconds: 3600,
  },
  WaitStateEntered: { Type: 'Wait', Seconds: 3600 },
  LambdaFunctionFailed: {
    Type: 'Task',
    Resource: lambda,
    Parameters: { fail: true },
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 3600 }],
  },
};

const waitedFor = new Map(
  Object.keys(definitions).map((type) => [type, Promise.withResolvers<void>()]),
);
const machineArn = (name: string) =>
  `arn:aws:states:eu-central-1:000000000000:stateMachine:${name}`;

const server = await startStepFunctions({
  machines: Object.entries(definitions).map(([name, state]) => ({
    arn: machineArn(name),
    definition: { StartAt: 'A', TimeoutSeconds: 7200, States: { A: { ...state, End: true } } },
  })),
  invoke: async (_, payload) =>
    JSON.stringify(payload) === '{"fail":true}'
      ? { ok: false, errorType: 'Busy', errorMessage: 'no' }
      : { ok: true, payload: null },
  onEvent: ({ type }) => waitedFor.get(type)?.resolve(),
});

for (const name of waitedFor.keys()) {
  await fetch(server.url, {
    method: 'POST',
    headers: {
      'x-amz-target': 'AWSStepFunctions.StartExecution',
      authorization: 'AWS4-HMAC-SHA256 Credential=local/, SignedHeaders=host, Signature=00',
    },
    body: JSON.stringify({ stateMachineArn: machineArn(name) }),
  });
}
for (const [type, { promise }] of waitedFor) {
  await promise;
  process.stdout.write(`${type} `);
}
await server.close();
process.stdout.write('closed\n');
