import { createServer } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, onTestFinished, test } from 'vitest';
import { issueKey } from '../../cli/issue-key.ts';
import { runScript, script } from './run-script.ts';

const issued = {
  api_key: 'sk-dr-secret',
  key_id: 'key-1',
  account: 'default',
  webhook_secret: 'whsec_secret',
};
const order = { account: 'default', name: 'first', scopes: ['generate'], credits: 0 };
const create = ['create', '--function', 'Dev-IssueKey'];
const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };

/** A Lambda service with one function, and two ways to invoke it. */
async function world({ status = 200, headers = {}, answer = issued as unknown } = {}) {
  const seen: { readonly url: string | undefined; readonly body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
    seen.push({ url: request.url, body });
    response.writeHead(status, headers).end(JSON.stringify(answer));
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
    seen,
    server,
    keys: (args: readonly string[]) => runScript(script('keys.ts'), args, { env }),
    issue: () => issueKey(client, 'Dev-IssueKey', order),
  };
}

// By it the operator's function knows an order that it was given before.
const aNumber = expect.stringMatching(/^[\w-]{16,96}$/);

describe('a new key', () => {
  test('is shown with the remark that it is shown once', async () => {
    const { keys, seen } = await world();

    const { code, stdout, stderr } = await keys(create);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^API key +sk-dr-secret\nkey id +key-1\naccount +default\n/);
    expect(stdout).toContain('whsec_secret\n');
    expect(stdout).toContain('shown this once');
    const url = '/2015-03-31/functions/Dev-IssueKey/invocations';
    expect(seen).toEqual([{ url, body: { ...order, order: aNumber } }]);
  });

  test('comes without a webhook secret when its account has one already', async () => {
    const { webhook_secret: _, ...answer } = issued;
    const { keys } = await world({ answer });

    const { code, stdout } = await keys(create);

    expect(stdout).toMatch(
      /^API key +sk-dr-secret\nkey id +key-1\naccount +default\n\nThe API key/,
    );
    expect(code).toBe(0);
  });

  test('is what was ordered, and JSON when asked for it', async () => {
    const { keys, seen } = await world();
    const wishes = ['--account', 'team', '--name', 'laptop', '--credits', '1.5', '--json'];
    const scopes = ['--scope', 'generate', '--scope', 'admin'];

    const { stdout } = await keys([...create, ...wishes, ...scopes]);

    expect(JSON.parse(stdout)).toEqual(issued);
    expect(seen[0]?.body).toEqual({
      ...{ account: 'team', name: 'laptop', scopes: ['generate', 'admin'], credits: 1.5 },
      order: aNumber,
    });
  });

  test('is ordered under one number, however often the client has to ask', async () => {
    const { keys, seen } = await world({ status: 500, answer: {} });

    await keys([...create, '--credits', '100']);

    expect(seen.length).toBeGreaterThan(1);
    expect(new Set(seen.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });
});

const crash = (errorType: string, errorMessage: string) => ({
  headers: { 'x-amz-function-error': 'Unhandled' },
  answer: { errorType, errorMessage },
});
const complaints = [
  { code: 'too_big', path: ['credits'], message: 'Too big' },
  { code: 'invalid_format', path: ['name'], message: 'must be 1 to 63 of a-z 0-9 -' },
];

describe('the reason why there is no key', () => {
  test.each([
    [
      'is the one the function broke on',
      crash('Error', 'The table\nis gone'),
      'Dev-IssueKey refused: The table is gone',
    ],
    [
      'is what is wrong with the order',
      crash('ZodError', JSON.stringify(complaints, null, 2)),
      'Dev-IssueKey refused: credits: Too big; name: must be 1 to 63 of a-z 0-9 -',
    ],
    [
      'is not known when the function says nothing',
      { headers: { 'x-amz-function-error': 'Unhandled' }, answer: null },
      'Dev-IssueKey refused: it failed without a reason',
    ],
    [
      'is that it is another function',
      { answer: { ok: true } },
      'Dev-IssueKey answered no key: is it the function that issues keys?',
    ],
    [
      'is that there is no such function',
      {
        status: 404,
        headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
        answer: { Type: 'User', Message: 'Function not found' },
      },
      'Cannot invoke Dev-IssueKey: ResourceNotFoundException: Function not found',
    ],
  ])('%s', async (_, played, message) => {
    const { issue } = await world(played);

    await expect(issue()).rejects.toThrow(message);
  });

  test('is that nobody answers', async () => {
    const { issue, server } = await world();
    await new Promise((resolve) => server.close(resolve));

    await expect(issue()).rejects.toThrow(/^Cannot invoke Dev-IssueKey: .*ECONNREFUSED/);
  });

  test('stands alone on stderr', async () => {
    const { keys } = await world(crash('Error', 'The table\nis gone'));

    expect(await keys(create)).toEqual({
      ...{ code: 1, stdout: '', stderr: 'error: Dev-IssueKey refused: The table is gone\n' },
    });
  });
});

test.each([
  [['create'], "required option '--function <name>' not specified"],
  [[...create, '--scope', 'root'], 'Allowed choices are generate, admin.'],
  [[...create, '--credits', '-1'], 'It must be a number like 100 or 1.2.'],
])('wrong usage invokes nothing: %j', async (args, message) => {
  const { keys, seen } = await world();

  const { code, stderr } = await keys(args);

  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
  expect(seen).toEqual([]);
});
