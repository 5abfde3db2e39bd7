import { chmodSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { reconcilerRun } from '../../functions/domain/providers/queue-store.ts';
import { listen } from '../../local/aws/listen.ts';
import { issueKey } from '../../local/local-keys.ts';
import { freePort } from '../support/free-port.ts';
import { commandLine } from './command-line.ts';
import { openStack, type TestStack } from './open-stack.ts';
import { putSecret } from './put-secret.ts';
import { openOwnStack, startStack } from './start-stack.ts';
import { type Grant, outdirWithoutGrant } from './without-grant.ts';

// The doctor passes a stack in which nothing is broken. Then one thing is broken at a time, and the doctor names it.

const Findings = z.array(
  z.object({
    step: z.string(),
    state: z.enum(['ok', 'warn', 'fail', 'skipped']),
    what: z.string(),
    remedy: z.string().optional(),
  }),
);
type Findings = z.output<typeof Findings>;

let stack: TestStack;
let own: Promise<TestStack> | undefined;
beforeAll(async () => {
  stack = await startStack();
  await stack.reconcile();
});
afterAll(async () => {
  await stack?.close();
  await (await own)?.close();
});

/**
 * A stack of this file alone, with an account of which nothing was used. Its reconciler runs when a test says so. Tests share it:
 * each makes what it needs of it, so they may run in any order.
 */
function ownStack(): Promise<TestStack> {
  own ??= openOwnStack().then((opened) => {
    opened.schedules.close();
    return opened;
  });
  return own;
}
const realKeys = JSON.stringify({ dashscope: 'a', evolink: 'b', fal: 'c' });
/** Gives the stack other keys of the providers, and has its functions read them. */
async function useProviderKeys(one: TestStack, keys: string): Promise<void> {
  await putSecret(one, 'ProviderKeys', keys);
  one.lambda.recycle();
  await one.reconcile();
}

/** As if the reconciler had never run. */
async function forgetReconcilerRun({ dynamoDb, tableWithKey }: TestStack): Promise<void> {
  await dynamoDb.send(
    new DeleteItemCommand({
      TableName: tableWithKey('pk'),
      Key: { pk: { S: `summary#${reconcilerRun}` }, sk: { S: '0' } },
    }),
  );
}

/** A server until the test is over. */
async function serve(listener: RequestListener): Promise<string> {
  const { url, close } = await listen(createServer(listener), 0);
  onTestFinished(close);
  return url;
}

/** Answers as AWS does to a request for the quotas of an account, in the region of the stack. */
const accountWith = (ConcurrentExecutions: number) =>
  serve((request, response) => {
    const isOfStack = request.headers.authorization?.includes('/us-east-1/lambda/');
    const isAsked = isOfStack && request.url === '/2016-08-19/account-settings';
    response.writeHead(isAsked ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ AccountLimit: { ConcurrentExecutions } }));
  });

type Setup = {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Outputs of `cdk deploy`, beside those of the local stack. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** How many functions the AWS account runs at a time. */
  readonly concurrency?: number;
  /** The text of SNS in the place of the ARN of the one subscription. */
  readonly subscription?: string;
};

/** A healthy deployment, of which nothing is left out. */
const alarmTopic = { AlarmTopic: 'arn:aws:sns:us-east-1:000000000000:alarms' };

/** A script in place of the AWS CLI: it knows one command, and answers as SNS does. */
const awsCli = (subscription: string): string => {
  const list = { Subscriptions: [{ Endpoint: 'ops@example.com', SubscriptionArn: subscription }] };
  return [
    '#!/bin/sh',
    `expected='sns list-subscriptions-by-topic --topic-arn ${alarmTopic.AlarmTopic} --region us-east-1 --output json'`,
    '[ "$*" = "$expected" ] || exit 2',
    `echo '${JSON.stringify(list)}'`,
    '',
  ].join('\n');
};

/** Runs `darkroom doctor` with everything that it may ask for. */
async function examine(
  one: TestStack,
  {
    args = [],
    env = {},
    outputs = alarmTopic,
    concurrency = 1000,
    subscription = `${alarmTopic.AlarmTopic}:confirmed`,
  }: Setup = {},
) {
  const caller = await commandLine(one);
  const file = { 'Darkroom-local': { ...one.outputs, ...outputs } };
  await caller.write('outputs.json', JSON.stringify(file));
  await caller.write('aws', awsCli(subscription));
  chmodSync(join(caller.directory, 'aws'), 0o755);
  const { code, stdout, stderr } = await caller.run(
    [
      ...['doctor', '--json', '--outputs', 'outputs.json', '--aws', '--listen'],
      ...['--timeout', '20s', ...args],
    ],
    {
      env: {
        DARKROOM_ADMIN_KEY: one.keys.adminKey,
        DARKROOM_WEBHOOK_SECRET: one.keys.webhookSecret,
        AWS_ENDPOINT_URL_LAMBDA: await accountWith(concurrency),
        AWS_REGION: 'eu-west-1', // the region of the shell, which is not that of the stack
        AWS_ACCESS_KEY_ID: 'operator',
        AWS_SECRET_ACCESS_KEY: 'operator',
        PATH: `${caller.directory}:${caller.env.PATH}`,
        ...env,
      },
    },
  );
  const parsed = Findings.safeParse(JSON.parse(stdout || '[]'));
  return { code, findings: parsed.data ?? [], stderr };
}

const inState = (findings: Findings, ...states: readonly string[]) =>
  findings.filter(({ state }) => states.includes(state)).map(({ step }) => step);

const allSteps = [
  ...['address', 'clock', 'key', 'upload', 'event', 'workflow', 'result', 'callback'],
  ...['signature', 'replay', 'sandbox', 'reconciler', 'canary', 'providers', 'quotas', 'alarms'],
];
const taskSteps = allSteps.slice(3, 10);

const canaryIsOff = {
  step: 'canary',
  state: 'skipped',
  what: 'There is none: "canary": true in darkroom.config.json turns it on.',
};

test('a stack in which nothing is broken passes every step but the sandbox, which needs a test key, and the canary, which is off', async () => {
  const { code, findings, stderr } = await examine(stack, { args: ['--spend'] });

  expect(stderr).toBe('');
  expect(findings.map(({ step }) => step)).toEqual(allSteps);
  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([
    { step: 'sandbox', state: 'skipped', what: expect.stringContaining('test key') },
    canaryIsOff,
  ]);
  expect(code).toBe(0);
});

test('a live key makes no task and costs nothing, unless it is told to', async () => {
  const before = await stack.account();

  const { code, findings } = await examine(stack);

  expect(await stack.account()).toEqual(before);
  expect(inState(findings, 'skipped')).toEqual([...taskSteps, 'sandbox', 'canary']);
  expect(inState(findings, 'warn', 'fail')).toEqual([]);
  expect(code).toBe(0);
});

test('without an admin key, the outputs and AWS, the doctor says what each of the skipped steps needs', async () => {
  const caller = await commandLine(stack);

  const { code, stdout } = await caller.run(['doctor', '--json']);

  const findings = Findings.parse(JSON.parse(stdout));
  const skipped = findings.filter(({ state }) => state === 'skipped');
  expect(skipped.map(({ step, what }) => [step, /--[a-z-]+|sk-dr-test/.exec(what)?.[0]])).toEqual([
    ...taskSteps.map((step) => [step, '--spend']),
    ['sandbox', 'sk-dr-test'],
    ['reconciler', '--admin-key'],
    ['canary', '--admin-key'],
    ['providers', '--admin-key'],
    ['quotas', '--aws'],
    ['alarms', '--outputs-file'],
  ]);
  expect(code).toBe(0);
});

test('a test key whose play credits are used up is a warning that says until when, and nothing is called broken', async () => {
  const { api_key: testKey } = await issueKey(stack, { account: 'player', mode: 'test' });
  const reserve = (n: number) =>
    stack.call(
      'POST',
      '/v1/images/generations',
      { prompt: 'Later', n, image_uploads: [{ content_type: 'image/png' }] },
      { authorization: `Bearer ${testKey}` },
    );
  const statuses: number[] = [];
  for (const n of [...Array.from({ length: 12 }, () => 4), 1, 1, 1]) {
    statuses.push((await reserve(n)).status);
  }
  expect(statuses.slice(-2)).toEqual([200, 402]);

  const { code, findings } = await examine(stack, { env: { DARKROOM_KEY: testKey } });

  const warned = findings.filter(({ state }) => state === 'warn');
  expect(warned.map(({ step }) => step)).toEqual(['upload', 'sandbox']);
  for (const { what, remedy } of warned) {
    expect(`${what} ${remedy}`).toMatch(/play credits of this day are used up.*midnight UTC/);
  }
  expect(inState(findings, 'fail')).toEqual([]);
  expect(code).toBe(0);
});

test('in the folder of a local stack an admin key in the environment, which is that of a deployment, is not used', async () => {
  const caller = await commandLine(stack);
  await mkdir(join(caller.directory, '.local'));
  const { apiKey, adminKey } = stack.keys;
  await caller.write('.local/ready.json', JSON.stringify({ url: stack.url, apiKey, adminKey }));

  const { stdout } = await caller.run(['doctor', '--json'], {
    env: { DARKROOM_URL: '', DARKROOM_KEY: '', DARKROOM_ADMIN_KEY: `sk-dr-${'x'.repeat(43)}` },
  });

  expect(inState(Findings.parse(JSON.parse(stdout)), 'ok')).toEqual(
    expect.arrayContaining(['reconciler', 'providers']),
  );
});

/** A stack without a permission, until the test is over. */
async function withoutGrant(grant: Grant): Promise<TestStack> {
  const broken = await openStack({ outdir: outdirWithoutGrant(grant) });
  onTestFinished(broken.close);
  await broken.reconcile();
  return broken;
}

/** Passes everything on to the stack, but changes the time in the responses. */
const withClock = (aheadMs: number) =>
  serve(async (request, response) => {
    const { status, body } = await stack.call(request.method ?? '', request.url ?? '');
    const date = new Date(Date.now() + aheadMs).toUTCString();
    response.writeHead(status, { 'content-type': 'application/json', date });
    response.end(JSON.stringify(body));
  });

/** A broken part, and what the doctor says about it: the only step that is not ok, or not skipped because of it. */
type Broken = {
  readonly what: string;
  readonly step: string;
  readonly state: 'warn' | 'fail';
  readonly says: RegExp;
  readonly examine: () => ReturnType<typeof examine>;
};

const spend = { args: ['--spend'] };
const broken: readonly Broken[] = [
  {
    what: 'nobody listens at the address',
    step: 'address',
    state: 'fail',
    says: /cannot be reached \(ECONNREFUSED\).*cdk deploy/,
    examine: async () =>
      examine(stack, { args: ['--url', `http://127.0.0.1:${await freePort()}`] }),
  },
  {
    what: 'somebody else answers at the address',
    step: 'address',
    state: 'fail',
    says: /not as this API does.*output Url/,
    examine: async () =>
      examine(stack, {
        args: ['--url', await serve((_request, response) => response.end('It works!'))],
      }),
  },
  {
    what: 'the clock of this machine is ten minutes behind',
    step: 'clock',
    state: 'fail',
    says: /(599|600) s behind.*timedatectl/,
    examine: async () => examine(stack, { args: ['--url', await withClock(600_000)] }),
  },
  {
    what: 'the key is wrong',
    step: 'key',
    state: 'fail',
    says: /refuses the key.*npm run keys -- create/,
    examine: () => examine(stack, { env: { DARKROOM_KEY: `sk-dr-${'x'.repeat(43)}` } }),
  },
  {
    what: 'the function of creates may not write into the bucket of inputs',
    step: 'upload',
    state: 'fail',
    says: /cannot be uploaded: .*AccessDenied.*npx cdk deploy --revert-drift/,
    examine: async () =>
      examine(
        await withoutGrant({
          role: 'RoutesCreateTask',
          action: 's3:PutObject',
          resource: 'BucketsInputs',
        }),
        spend,
      ),
  },
  {
    what: 'the event of the upload does not come',
    step: 'event',
    state: 'fail',
    says: /has not come in .* s.*uploadeventlost/,
    examine: () => {
      stack.faults.breakEvent({ source: 's3', fault: 'drop' });
      onTestFinished(stack.faults.clear);
      return examine(stack, { args: ['--spend', '--timeout', '3s'] });
    },
  },
  {
    what: 'the function that stores the results may not',
    step: 'workflow',
    state: 'fail',
    says: /failed with service_error|has not ended.*ask/,
    examine: async () =>
      examine(
        await withoutGrant({
          role: 'WorkflowPrepareInputs',
          action: 's3:PutObject',
          resource: 'BucketsInputs',
        }),
        { args: ['--spend', '--timeout', '10s'] },
      ),
  },
  {
    what: 'the function of result links may not read results',
    step: 'result',
    state: 'fail',
    says: /answers (403|404).*GetResult/,
    examine: async () =>
      examine(
        await withoutGrant({
          role: 'RoutesGetResult',
          action: 's3:GetObject',
          resource: 'BucketsResults',
        }),
        spend,
      ),
  },
  {
    what: 'the receiver of callbacks is down',
    step: 'callback',
    state: 'fail',
    says: /did not arrive.*--redeliver/,
    examine: async () =>
      examine(stack, {
        args: [
          ...['--spend', '--timeout', '5s'],
          ...['--callback-url', `http://127.0.0.1:${await freePort()}/`],
        ],
      }),
  },
  {
    what: 'the webhook secret is that of another account',
    step: 'signature',
    state: 'fail',
    says: /not made with this secret.*DARKROOM_WEBHOOK_SECRET/,
    examine: () =>
      examine(stack, {
        ...spend,
        env: { DARKROOM_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}` },
      }),
  },
  {
    what: 'nothing runs the reconciler',
    step: 'reconciler',
    state: 'fail',
    says: /has never run.*enable-rule/,
    examine: async () => {
      const one = await ownStack();
      await useProviderKeys(one, realKeys);
      await forgetReconcilerRun(one);
      return examine(one, { args: ['--timeout', '2s'] });
    },
  },
  {
    what: 'no provider has a key',
    step: 'providers',
    state: 'fail',
    says: /has a key.*npm run keys -- provider dashscope --secret/,
    examine: async () => {
      await useProviderKeys(await ownStack(), '{}');
      return examine(await ownStack());
    },
  },
  {
    what: 'no provider takes its key',
    step: 'providers',
    state: 'fail',
    says: /rejected by dashscope.*npm run keys -- provider dashscope/,
    examine: async () => {
      const rejecting = await serve((_, response) => void response.writeHead(401).end('{}'));
      const one = await openStack({
        outdir: inject('outdir'),
        parameters: { Providers: 'dashscope', DashScopeUrl: rejecting },
      });
      onTestFinished(one.close);
      await one.reconcile();
      return examine(one);
    },
  },
  {
    what: 'the AWS account is new and runs ten functions at a time',
    step: 'quotas',
    state: 'warn',
    says: /runs 10 functions at a time in us-east-1.*request-service-quota-increase --region us-east-1/,
    examine: () => examine(stack, { concurrency: 10 }),
  },
  {
    what: 'the canary is turned on and has never run',
    step: 'canary',
    state: 'warn',
    says: /no task yet.*npm run keys -- canary --function/,
    examine: () =>
      examine(stack, {
        outputs: { ...alarmTopic, CanaryKey: 'npm run keys -- canary --function IssueKey' },
      }),
  },
  {
    what: 'the address of the alarms has not confirmed the mail from AWS',
    step: 'alarms',
    state: 'fail',
    says: /has not confirmed.*ops@example.com.*aws sns subscribe/,
    examine: () => examine(stack, { subscription: 'PendingConfirmation' }),
  },
  {
    what: 'alarms have no address',
    step: 'alarms',
    state: 'warn',
    says: /nobody gets a mail.*alarmEmail/,
    examine: () => examine(stack, { outputs: {} }),
  },
];

describe('what is broken is named, with a remedy', () => {
  test.each(broken)('$what: $step', async ({ step, state, says, examine: run }) => {
    const { code, findings } = await run();

    const wrong = findings.filter((one) => one.state === 'warn' || one.state === 'fail');
    expect(wrong.map((one) => [one.step, one.state])).toEqual([[step, state]]);
    expect(`${wrong[0]?.what} ${wrong[0]?.remedy}`).toMatch(says);
    expect(findings.map((one) => one.step).sort()).toEqual([...allSteps].sort());
    expect(code).toBe(state === 'fail' ? 12 : 0);
  });

  test('every step that can break here has been broken', () => {
    // A create that is not replayed would be a mistake in the code, and the sandbox needs a test key.
    const others = ['replay', 'sandbox'];

    expect(broken.length).toBeGreaterThan(9);
    expect([...new Set(broken.map(({ step }) => step)), ...others].sort()).toEqual(
      [...allSteps].sort(),
    );
  });
});

test('with a test key every step passes, each effect of the sandbox too, and nothing is spent', async () => {
  // The test key of a new stack is that of its first account, whose webhook secret is known.
  const one = await ownStack();
  await useProviderKeys(one, realKeys);
  const before = await one.account();

  const { code, findings } = await examine(one, {
    args: ['--timeout', '50s'],
    env: { DARKROOM_KEY: one.keys.testKey },
  });

  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([canaryIsOff]);
  expect(findings.map(({ step }) => step)).toEqual(allSteps);
  expect(await one.account()).toEqual(before);
  // One image of the task and one of the tasks that show the effects: failed tasks cost nothing.
  expect((await one.testMode.account()).used).toBe(2 * 1200);
  expect(code).toBe(0);
});
