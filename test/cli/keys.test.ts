import { createServer } from 'node:http';
import { userInfo } from 'node:os';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, onTestFinished, test } from 'vitest';
import { issueKey } from '../../cli/issue-first-key.ts';
import { runScript, script } from './run-script.ts';

const withoutSecret = { api_key: 'sk-dr-secret', key_id: 'key-1', account: 'default' };
const issued = { ...withoutSecret, webhook_secret: 'whsec_secret' };
const request = {
  account: 'default',
  name: 'first',
  scopes: ['generate'],
  credits: 0,
  mode: 'live',
} as const;
const create = ['create', '--function', 'Dev-IssueKey'];
const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };

/** A Lambda service with one function, and two ways to invoke it. */
async function setUp({ status = 200, headers = {}, body = issued as unknown } = {}) {
  const calls: { readonly url: string | undefined; readonly body: unknown }[] = [];
  const server = createServer(async (message, response) => {
    const payload = JSON.parse(Buffer.concat(await message.toArray()).toString());
    calls.push({ url: message.url, body: payload });
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  const env = {
    AWS_ENDPOINT_URL_LAMBDA: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const client = new LambdaClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return {
    calls,
    server,
    keys: (args: readonly string[]) => runScript(script('keys.ts'), args, { env }),
    issue: () => issueKey(client, 'Dev-IssueKey', request),
  };
}

// The function recognises a repeated request by this number.
const anyNumber = expect.stringMatching(/^[\w-]{16,96}$/);

describe('keys create', () => {
  test('prints the key and says that it is shown only once', async () => {
    const { keys, calls } = await setUp();

    const { code, stdout, stderr } = await keys(create);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^API key +sk-dr-secret\nkey id +key-1\naccount +default\n/);
    expect(stdout).toContain('whsec_secret\n');
    expect(stdout).toContain('shown only this once');
    const url = '/2015-03-31/functions/Dev-IssueKey/invocations';
    expect(calls).toEqual([{ url, body: { ...request, idempotency_key: anyNumber } }]);
  });

  test('prints no webhook secret when the account exists already', async () => {
    const { keys } = await setUp({ body: withoutSecret });

    const { code, stdout } = await keys(create);

    expect(stdout).toMatch(
      /^API key +sk-dr-secret\nkey id +key-1\naccount +default\n\nThe API key/,
    );
    expect(code).toBe(0);
  });

  test('sends the given options, and prints the response with --json', async () => {
    const { keys, calls } = await setUp();
    const options = ['--account', 'team', '--name', 'desktop', '--credits', '1.5', '--json'];
    const scopes = ['--scope', 'generate', '--scope', 'admin'];

    const { stdout } = await keys([...create, ...options, ...scopes]);

    expect(JSON.parse(stdout)).toEqual(issued);
    expect(calls[0]?.body).toEqual({
      account: 'team',
      name: 'desktop',
      scopes: ['generate', 'admin'],
      credits: 1.5,
      mode: 'live',
      idempotency_key: anyNumber,
    });
  });

  test('makes a test key with --test', async () => {
    const { keys, calls } = await setUp();

    await keys([...create, '--test']);

    expect(calls[0]?.body).toMatchObject({ mode: 'test', scopes: ['generate'] });
  });

  test('sends the same idempotency number with every retry of the SDK', async () => {
    const { keys, calls } = await setUp({ status: 500, body: {} });

    await keys([...create, '--credits', '100']);

    expect(calls.length).toBeGreaterThan(1);
    expect(new Set(calls.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });
});

test('keys canary sends only the request for the key of the canary, and stores nothing when it gets no key', async () => {
  const { keys, calls } = await setUp({ body: {} });

  const { code, stdout, stderr } = await keys([
    ...['canary', '--function', 'Dev-IssueKey', '--secret', 'Secret'],
  ]);

  expect(calls.map(({ body }) => body)).toEqual([{ canary: true }]);
  expect(stderr).toContain('Dev-IssueKey returned no key: is it the function that issues keys?');
  expect([code, stdout]).toEqual([1, '']);
});

const failure = (errorType: string, errorMessage: string) => ({
  headers: { 'x-amz-function-error': 'Unhandled' },
  body: { errorType, errorMessage },
});
const issues = [
  { code: 'too_big', path: ['credits'], message: 'Too big' },
  { code: 'invalid_format', path: ['name'], message: 'must be 1 to 63 of a-z 0-9 -' },
];

describe('the reason why no key was made', () => {
  test.each([
    [
      'is the error of the function',
      failure('Error', 'The table\nis gone'),
      'Dev-IssueKey refused: The table is gone',
    ],
    [
      'is what is wrong with the request',
      failure('ZodError', JSON.stringify(issues, null, 2)),
      'Dev-IssueKey refused: credits: Too big; name: must be 1 to 63 of a-z 0-9 -',
    ],
    [
      'is unknown when the function gives none',
      { headers: { 'x-amz-function-error': 'Unhandled' }, body: null },
      'Dev-IssueKey refused: it failed without a reason',
    ],
    [
      'is that the function is another one',
      { body: { ok: true } },
      'Dev-IssueKey returned no key: is it the function that issues keys?',
    ],
    [
      'is that the function does not exist',
      {
        status: 404,
        headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
        body: { Type: 'User', Message: 'Function not found' },
      },
      'Cannot invoke Dev-IssueKey: ResourceNotFoundException: Function not found',
    ],
  ])('%s', async (_, reply, message) => {
    const { issue } = await setUp(reply);

    await expect(issue()).rejects.toThrow(message);
  });

  test('is that Lambda cannot be reached', async () => {
    const { issue, server } = await setUp();
    await new Promise((resolve) => server.close(resolve));

    await expect(issue()).rejects.toThrow(/^Cannot invoke Dev-IssueKey: .*ECONNREFUSED/);
  });

  test('is the only line on stderr', async () => {
    const { keys } = await setUp(failure('Error', 'The table\nis gone'));

    expect(await keys(create)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: Dev-IssueKey refused: The table is gone\n',
    });
  });
});

test.each([
  [['create'], "required option '--function <name>' not specified"],
  [[...create, '--scope', 'root'], 'Allowed choices are read, generate, manage, admin.'],
  [[...create, '--credits', '-1'], 'It must be a number like 100 or 1.2.'],
])('wrong usage invokes no function: %j', async (args, message) => {
  const { keys, calls } = await setUp();

  const { code, stderr } = await keys(args);

  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
  expect(calls).toEqual([]);
});

describe('keys console', () => {
  const code = `once-${'a'.repeat(43)}`;
  const link = ['console', '--function', 'Dev-IssueKey', '--url'];

  test('prints a link with the code behind its #, and says that it works once', async () => {
    const { keys, calls } = await setUp({ body: { code, expires_at: 1_772_443_800 } });

    const { stdout } = await keys([...link, 'https://a.example.com/', '--name', 'mira']);

    expect(stdout).toMatch(`https://a.example.com/console#code=${code}\n`);
    expect(stdout).toContain('It works once, until 2026-03-02T09:30:00.000Z.');
    expect(calls.map(({ body }) => body)).toEqual([{ console: { name: 'mira' } }]);
  });

  test('names the session after the user of this machine when nobody else is named', async () => {
    const { keys, calls } = await setUp({ body: { code, expires_at: 1_772_443_800 } });

    const { stdout } = await keys([...link, 'https://a.example.com', '--json']);

    expect(JSON.parse(stdout)).toEqual({
      link: `https://a.example.com/console#code=${code}`,
      expires_at: 1_772_443_800,
    });
    expect(calls.map(({ body }) => body)).toEqual([{ console: { name: userInfo().username } }]);
  });

  test.each(['a.example.com', 'javascript:alert(1)', 'https://user@a.example.com'])(
    'sends no request when %s is not the address of a deployment',
    async (url) => {
      const { keys, calls } = await setUp({ body: { code, expires_at: 1 } });

      const { code: exitCode, stdout, stderr } = await keys([...link, url]);

      expect(stderr).toContain('It must be an address');
      expect([exitCode === 0, stdout, calls]).toEqual([false, '', []]);
    },
  );

  test('says so when the function returns no code', async () => {
    const { keys } = await setUp();

    const { stderr } = await keys([...link, 'https://a.example.com']);

    expect(stderr).toContain('Dev-IssueKey returned no code');
  });
});
