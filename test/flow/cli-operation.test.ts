import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { invokeIssueKey } from '../../local/local-keys.ts';
import { commandLine } from './command-line.ts';
import { type TestStack, until } from './open-stack.ts';
import { controlProvider, startStack } from './start-stack.ts';

// What an operator does from the command line, against the whole system.

const sample = await readFile('cli/sample.jpg');
const generate = ['generate', 'cat.jpg', '--prompt', 'Make it snow', '--size', '768x768'];

let stack: TestStack;
let accounts = 0;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

const IssuedKey = z.object({ api_key: z.string(), key_id: z.string() });

const newAccount = () => {
  accounts += 1;
  return `cli-${Date.now().toString(36)}-${accounts}`;
};

/** The command line with this key, in a folder with a picture. */
async function callerWith(key: string) {
  const caller = await commandLine(stack, key);
  await caller.write('cat.jpg', sample);
  return caller;
}

/** An account with a key, and the command line with that key and with the operator's. */
async function customer({ credits = 100 } = {}) {
  const id = newAccount();
  const issued = await invokeIssueKey(stack, { account: id, name: 'web', credits });
  const { api_key: key, key_id: keyId } = IssuedKey.parse(issued);
  const operator = await commandLine(stack, stack.keys.adminKey);
  return { id, keyId, operator, caller: await callerWith(key) };
}

describe('accounts and keys', () => {
  test('are made by the command line itself, and a key is limited by its name', async () => {
    const id = newAccount();
    const operator = await commandLine(stack, stack.keys.adminKey);
    await operator.run(['accounts', 'create', id]);
    await operator.run(['accounts', 'grant', id, '100']);
    const key = await operator.json(['keys', 'create', '--account', id, '--name', 'web']);
    const caller = await callerWith(key.api_key);

    const limits = await operator.run(
      ['keys', 'limits', 'web', '--account', id].concat('--daily-limit', '1.2'),
    );
    const first = await caller.run(generate);
    const second = await caller.run(generate);

    expect(limits.stdout).toContain('today    0 of 1.2 used (UTC)');
    expect([first.code, second.code]).toEqual([0, 7]);
  });

  test('an account is put into a group, and creates nothing while it is disabled', async () => {
    const { id, keyId, operator, caller } = await customer();

    const grouped = await operator.run(['accounts', 'group', id, 'vip']);
    const disabled = await operator.run(['accounts', 'disable', id]);
    const refused = await caller.run(generate);
    const enabled = await operator.run(['accounts', 'enable', id]);
    const listed = await operator.run(['keys', 'list', '--account', id]);

    expect(grouped).toMatchObject({ code: 0, stdout: `${id} is in the user group vip\n` });
    expect(disabled).toMatchObject({ code: 0, stdout: expect.stringContaining('is disabled') });
    expect(refused.code).toBe(6);
    expect(enabled).toMatchObject({ code: 0, stdout: `${id} is enabled\n` });
    expect(listed.stdout).toContain(keyId);
  });

  test('a create without credits ends with 7', async () => {
    const { caller } = await customer({ credits: 0 });

    const { code, stderr } = await caller.run([...generate, '--json']);

    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error).toMatchObject({
      code: 'insufficient_quota',
      status: 402,
    });
    expect(code).toBe(7);
  });

  test('a budget stops an account where it says so', async () => {
    const { id, operator, caller } = await customer();

    const set = await operator.run(['accounts', 'budget', id, '1.2', '--stop']);
    const first = await caller.run(generate);
    const second = await caller.run(generate);

    expect(set.stdout).toBe(`${id}: daily budget 1.2, creates stop there\n`);
    expect([first.code, second.code]).toEqual([0, 7]);
    expect(second.stderr).toContain('daily_budget_exhausted');
  });
});

describe('usage and tasks', () => {
  test('show the account and the operator what was used, as a table and as CSV', async () => {
    const { id, keyId, operator, caller } = await customer();
    const { id: task } = await caller.json(generate);

    const usage = await until(
      () => caller.run(['usage', '--group-by', 'key,model']),
      (run) => run.stdout !== '',
    );
    const csv = await operator.run(['admin', 'usage', '--account', id, '--csv']);
    const tasks = await caller.run(['tasks', '--since', '1h']);
    const all = await operator.run(['admin', 'tasks', '--account', id, '--status', 'completed']);
    const one = await operator.run(['admin', 'tasks', task]);

    expect(usage.stdout).toMatch(
      new RegExp(`^${keyId}\tweb\twan2\\.5-image-to-image\t1\t0\t1\t1\\.2\t1\t`),
    );
    expect(csv.stdout).toMatch(/^day,tasks,failed,.*\n\d{4}-\d\d-\d\d,1,0,1,1\.2,1,/);
    expect(tasks.stdout).toContain(`${task}\tcompleted\t`);
    expect(tasks.stdout).toContain('\tweb\tMake it snow\n');
    expect(all.stdout).toContain(`${task}\t${id}\t${keyId}\tcompleted\t\tdashscope`);
    expect(one.stdout).toMatch(/provider +dashscope\n/);
    expect(one.stdout).not.toContain('Make it snow');
  });

  test('of others are for the operator alone', async () => {
    const { caller } = await customer();

    for (const args of [
      ['admin', 'tasks'],
      ['admin', 'usage'],
      ['accounts', 'list'],
    ]) {
      expect(await caller.run(args)).toMatchObject({ code: 6, stdout: '' });
    }
  });

  test('are checked and cancelled by the operator, who also sends their callbacks again', async () => {
    controlProvider(stack, { submit: 'busy' });
    const { id, operator, caller } = await customer();
    const { id: task } = await caller.json([...generate, '--async']);

    const checked = await operator.run(['admin', 'check', task]);
    const cancelled = await operator.run(['admin', 'cancel', task]);
    const waited = await caller.run(['wait', task]);
    const redelivered = await operator.run(['admin', 'redeliver', task]);
    const none = await operator.run(['admin', 'redeliver', '--account', id, '--since', '1h']);

    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('its workflow') });
    expect(cancelled.code).toBe(0);
    expect(waited.code).toBe(10);
    expect(redelivered).toMatchObject({ code: 5, stderr: expect.stringContaining('callback') });
    expect(none.stdout).toBe(`0 callbacks of ${id} are on their way again\n`);
  });
});

test('a key that is piped into `login` is tried, stored, and used from then on', async () => {
  const { operator } = await customer();
  const env = { DARKROOM_URL: '', DARKROOM_KEY: '' };

  const refused = await operator.run(['login', '--url', stack.url], {
    env,
    onStart: ({ stdin }) => void stdin?.end('sk-dr-none\n'),
  });
  const stored = await operator.run(['login', '--url', stack.url], {
    env,
    onStart: ({ stdin }) => void stdin?.end(`${stack.keys.adminKey}\n`),
  });
  const listed = await operator.run(['accounts', 'list', '--limit', '1'], { env });

  expect(refused).toMatchObject({ code: 6, stdout: '' });
  expect(stored).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^stored as default in /),
  });
  expect(stored.stdout).not.toContain(stack.keys.adminKey);
  expect(listed.code).toBe(0);
});

describe('models and files', () => {
  test('models are listed with their prices', async () => {
    const { caller } = await customer();

    const { code, stdout } = await caller.run(['models']);

    expect(stdout).toMatch(/^wan2\.5-image-to-image\t1\.2\t2\t4\t384 to 5000\t10\t2000\t/m);
    expect(code).toBe(0);
  });

  test('an uploaded picture has a link that a task takes', async () => {
    const { caller } = await customer();

    const uploaded = await caller.run([
      'upload',
      'cat.jpg',
      '--path',
      'shop',
      '--file-name',
      'a.jpg',
    ]);
    const link = uploaded.stdout.trim();
    const generated = await caller.run(['generate', link, '--prompt', 'snow', '--name', '{input}']);

    expect(uploaded).toMatchObject({ code: 0, stderr: '' });
    expect(Buffer.from(await (await fetch(link)).arrayBuffer())).toEqual(sample);
    expect(generated).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^out\/file_\w+\.png\n$/),
    });
  });

  test('an error of the Files API is printed in the words of that API', async () => {
    const { caller } = await customer();

    const { code, stderr } = await caller.run([
      'upload',
      'cat.jpg',
      '--file-name',
      'a/b',
      '--json',
    ]);

    expect(JSON.parse(stderr).error).toMatchObject({ code: '400', status: 400, exit_code: 5 });
    expect(code).toBe(5);
  });
});
