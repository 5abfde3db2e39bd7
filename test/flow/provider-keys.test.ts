import { createServer } from 'node:http';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { providerNames } from '../../functions/domain/model/catalogue.ts';
import { secretsOf } from '../../local/aws/template/read-secrets.ts';
import { runScript, script } from '../cli/run-script.ts';
import { openStack, type TestStack } from './open-stack.ts';
import { putSecret } from './put-secret.ts';

// The operator's command for the keys of providers, against the secret of a local stack.

let stack: TestStack;
/** A server in place of fal, which accepts no key. */
const refusing = createServer((_, response) => void response.writeHead(401).end('{}'));
beforeAll(async () => {
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const address = refusing.address();
  const FalUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  stack = await openStack({ outdir: inject('outdir'), parameters: { FalUrl } });
});
afterAll(async () => {
  await stack?.close();
  refusing.close();
});
beforeEach(() => putSecret(stack, 'ProviderKeys', '{"none": "generated", "fal": "of fal"}'));

const secretId = () =>
  secretsOf(stack.context).find(({ id }) => id.includes('ProviderKeys'))?.arn ?? '';

const environment = () => ({
  AWS_ENDPOINT_URL_SECRETS_MANAGER: stack.environment['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'operator',
  AWS_SECRET_ACCESS_KEY: 'operator',
});

async function stored(): Promise<unknown> {
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: environment().AWS_ENDPOINT_URL_SECRETS_MANAGER,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
  });
  const { SecretString = '' } = await client.send(
    new GetSecretValueCommand({ SecretId: secretId() }),
  );
  client.destroy();
  return JSON.parse(SecretString);
}

const before = { none: 'generated', fal: 'of fal' };

/** `keys provider` with this key on its stdin. */
const storeKey = (key: string, ...args: readonly string[]) =>
  runScript(script('keys.ts'), ['provider', ...args, '--secret', secretId()], {
    env: environment(),
    onStart: (child) => void child.stdin?.end(`${key}\n`),
  });

/** A provider that answers every request like this. */
async function providerThatAnswers(status: number, body: unknown): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}

const mock = () => `${stack.url}/mock`;

test.each([...providerNames])(
  'a key of %s that works is stored beside the others, and is not printed',
  async (provider) => {
    const { code, stdout, stderr } = await storeKey('sk-of-ours', provider, '--url', mock());

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `The key of ${provider} works and is stored. Functions that run use it within five minutes.\n`,
    );
    expect(await stored()).toEqual(Object.assign({}, before, { [provider]: 'sk-of-ours' }));
  },
);

test.each([
  [401, { code: 'InvalidApiKey', message: 'no' }, 'rejects this key (401)'],
  [403, { code: 'AccessDenied', message: 'no' }, 'rejects this key (403)'],
  [500, { code: 'InternalError', message: 'no' }, 'did not say whether it accepts the key (500)'],
  [200, 'a page of a proxy', 'did not say whether it accepts the key (200)'],
])('a key that the provider answers with %i is not stored', async (status, body, message) => {
  const url = await providerThatAnswers(status, body);

  const { code, stdout, stderr } = await storeKey('sk-of-ours', 'dashscope', '--url', url);

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('sk-of-ours');
  expect(await stored()).toEqual(before);
});

test('a key of another region is rejected with how to name the region', async () => {
  const url = await providerThatAnswers(401, { code: 'InvalidApiKey', message: 'no' });

  const { stderr } = await storeKey('sk-of-ours', 'dashscope', '--url', url);

  expect(stderr).toContain(`dashscope at ${new URL(url).host} rejects this key`);
  expect(stderr).toMatch(/another region.* providers\.dashscope\.url: --url <origin>\n$/);
});

test('a key whose provider cannot be reached is not stored, unless --no-try is given', async () => {
  const unreachable = ['dashscope', '--url', 'http://127.0.0.1:1'];

  expect((await storeKey('sk-of-ours', ...unreachable)).stderr).toContain('no response');
  expect(await stored()).toEqual(before);
  expect((await storeKey('sk-of-ours', ...unreachable, '--no-try')).code).toBe(0);
  expect(await stored()).toEqual(Object.assign({}, before, { dashscope: 'sk-of-ours' }));
});

test('a key is removed, and only that one', async () => {
  expect((await storeKey('', 'fal', '--remove')).stdout).toMatch(/^The key of fal is removed\./);
  expect(await stored()).toEqual({ none: 'generated' });
  expect(await storeKey('', 'fal', '--remove')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no key of fal'),
  });
});

test.each([
  ['', ['dashscope'], 'No key'],
  ['two words', ['dashscope'], 'spaces in it'],
  ['sk-1', ['openai'], `Allowed choices are ${providerNames.join(', ')}`],
])('the key "%s" of %j stores nothing: %s', async (key, args, message) => {
  const { code, stderr } = await storeKey(key, ...args);

  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
  expect(await stored()).toEqual(before);
});

test('a secret that holds something else is left as it is, and its text is not printed', async () => {
  await putSecret(stack, 'ProviderKeys', 'sk-alone');

  const { code, stderr } = await storeKey('sk-of-ours', 'dashscope', '--no-try');

  expect(code).toBe(1);
  expect(stderr).toContain('does not hold the keys of providers');
  expect(stderr).not.toContain('sk-alone');
});

test('the operator can have the stored key tried: a replaced key at once, and an error when there is no key', async () => {
  const tried = async (provider: string) => {
    const authorization = `Bearer ${stack.keys.adminKey}`;
    const path = `/v1/admin/providers/${provider}/try`;
    const { body } = await stack.call('POST', path, undefined, { authorization });
    return [body.result, body.status];
  };
  await putSecret(stack, 'ProviderKeys', '{"dashscope": "sk-mock", "fal": "sk-wrong"}');
  expect(await tried('dashscope')).toEqual(['accepted', expect.any(Number)]);
  expect(await tried('fal')).toEqual(['rejected', 401]);
  expect(await tried('evolink')).toEqual(['no_key', null]);

  await putSecret(stack, 'ProviderKeys', '{"evolink": "sk-evo-mock"}');
  expect(await tried('evolink')).toEqual(['accepted', expect.any(Number)]);
  expect(await tried('dashscope')).toEqual(['no_key', null]);
});
