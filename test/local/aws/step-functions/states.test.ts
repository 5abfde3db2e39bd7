import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startStepFunctions } from '../../../../local/aws/step-functions/step-functions.ts';
import { direct, localStepFunctions, machineArn, ok } from './local-step-functions.ts';

const done = { Type: 'Succeed' };

test.each([
  ['seconds', { Seconds: 30 }],
  ['seconds from the input', { SecondsPath: '$.seconds' }],
  ['a moment', { Timestamp: '2030-01-01T00:00:30Z' }],
  ['a moment from the input', { TimestampPath: '$.until' }],
])('a Wait takes %s, divided by the speed', async (_, fields) => {
  const now = () => Date.UTC(2030, 0, 1);
  const { start, end } = await localStepFunctions(
    { StartAt: 'Rest', States: { Rest: { Type: 'Wait', ...fields, Next: 'Done' }, Done: done } },
    undefined,
    { now },
  );
  const input = { seconds: 30, until: '2030-01-01T00:00:30Z' };
  const from = performance.now();

  const { executionArn } = await start(input);

  const { output = '' } = await end(executionArn);
  expect(performance.now() - from).toBeGreaterThanOrEqual(29);
  expect(JSON.parse(output)).toEqual(input);
});

test('a Choice follows the input, and a Fail has the given error', async () => {
  const { start, end } = await localStepFunctions({
    StartAt: 'Which',
    States: {
      Which: {
        Type: 'Choice',
        Choices: [{ Variable: '$.made', NumericGreaterThan: 0, Next: 'Done' }],
        Default: 'GiveUp',
      },
      GiveUp: { Type: 'Fail', Error: 'NothingMade', Cause: 'the provider' },
      Done: done,
    },
  });

  const made = await start({ made: 1 });
  const nothing = await start({ made: 0 });

  expect((await end(made.executionArn)).status).toBe('SUCCEEDED');
  expect(await end(nothing.executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'NothingMade',
    cause: 'the provider',
  });
});

test('a Fail without Error and Cause has none in the result', async () => {
  const { start, end } = await localStepFunctions({
    StartAt: 'No',
    States: { No: { Type: 'Fail' } },
  });

  const { executionArn } = await start();

  const described = await end(executionArn);
  expect(described.status).toBe('FAILED');
  expect(described).not.toHaveProperty('error');
});

const deploy = (definition: unknown) =>
  startStepFunctions({ machines: [{ arn: machineArn, definition }], invoke: async () => ok() });
const single = (state: object) => ({ StartAt: 'Work', States: { Work: { ...state, End: true } } });

test.each([
  ['Credentials', single({ ...direct, Credentials: { RoleArn: 'arn:aws:iam::1:role/other' } })],
  ['QueryLanguage', { ...single(direct), QueryLanguage: 'JSONata' }],
  ['Assign', single({ Type: 'Pass', Assign: { n: 1 } })],
  ['Type', single({ Type: 'Parallel', Branches: [] })],
  [
    'arn:aws:states:::sqs:sendMessage',
    single({ ...direct, Resource: 'arn:aws:states:::sqs:sendMessage' }),
  ],
  ['there is no state Lost', { StartAt: 'Work', States: { Work: { ...direct, Next: 'Lost' } } }],
  ['there is no state Begin', { ...single(direct), StartAt: 'Begin' }],
])(
  'a machine that would behave differently on AWS is rejected at the start: %s',
  async (what, definition) => {
    await expect(deploy(definition)).rejects.toThrow(what);
  },
);

test('after closing nothing keeps the process alive, whatever was running', async () => {
  const script = fileURLToPath(new URL('close-in-the-middle.ts', import.meta.url));

  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });

  expect(stdout).toBe('TaskSubmitted WaitStateEntered LambdaFunctionFailed closed\n');
}, 30_000);
