import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished, test } from 'vitest';
import { secretVersions } from '../../functions/adapters/aws/secret-versions.ts';
import {
  cachedSecret,
  providerKey,
  providersWithKey,
} from '../../functions/adapters/aws/secrets.ts';
import { providerNames } from '../../functions/domain/model/catalogue.ts';
import { signingKeys } from '../../functions/domain/model/signing-keys.ts';
import { linkValidForMs } from '../../functions/domain/model/task.ts';
import { ProviderBusy, ProviderRejected } from '../../functions/domain/model/workflow-errors.ts';
import { requireProviderKey } from '../../functions/domain/providers/available-providers.ts';
import { startSecrets } from '../../local/aws/secrets/secrets.ts';
import { settableClock } from '../support/fakes.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { sdkConfig, secrets } from './template-resources.ts';

const SecretId = secrets.find(({ id }) => id.includes('ProviderKeys'))?.arn ?? '';
const minute = 60_000;
const throttled = { status: 400, body: { __type: 'ThrottledOnce', message: 'not now' } };

/** The secrets of the template. `reads` counts the requests to Secrets Manager. */
async function setUp(intercept?: Parameters<typeof interceptingProxy>[1]) {
  const directory = await mkdtemp(join(tmpdir(), 'darkroom-contract-'));
  const clock = settableClock(0);
  const server = await startSecrets({ secrets, directory, now: clock.now });
  onTestFinished(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });
  const proxy = await interceptingProxy(server.url, intercept);
  const clientOf = (endpoint: string) => {
    const client = new SecretsManagerClient({ endpoint, ...sdkConfig, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    return client;
  };
  const direct = clientOf(server.url);
  return {
    clock,
    read: cachedSecret(clientOf(proxy.url), SecretId, clock.now),
    keys: signingKeys({
      readVersions: secretVersions(clientOf(proxy.url), SecretId),
      now: clock.now,
      signatureValidForMs: linkValidForMs,
    }),
    reads: () => proxy.requests.length,
    put: (SecretString: string) =>
      direct.send(new PutSecretValueCommand({ SecretId, SecretString })),
  };
}

test('a secret is read once in five minutes', async () => {
  const { read, reads, put, clock } = await setUp();
  await put('old');

  expect(await Promise.all([read(), read()])).toEqual(['old', 'old']);
  await put('new');
  clock.advance(5 * minute - 1);
  expect(await read()).toBe('old');
  expect(reads()).toBe(1);

  clock.advance(1);
  expect(await read()).toBe('new');
  expect(reads()).toBe(2);
});

test('a failed read is not cached', async () => {
  const { read, put } = await setUp((nth) => (nth === 1 ? { response: throttled } : {}));
  await put('value');

  await expect(read()).rejects.toMatchObject({ name: 'ThrottledOnce' });
  expect(await read()).toBe('value');
});

const day = 24 * 60 * minute;

test('a signing key that was never replaced is the only valid one', async () => {
  const { keys } = await setUp();

  expect(await keys.known()).toHaveLength(1);
});

test('the previous signing key is valid until the last link signed with it has expired', async () => {
  const { keys, put, clock } = await setUp();
  await put('old');
  clock.advance(day);
  await put('new');

  expect(await keys.known()).toEqual(['new', 'old']);
  clock.advance(day + 5 * minute - 1);
  expect(await keys.known()).toEqual(['new', 'old']);
  clock.advance(5 * minute);
  expect(await keys.known()).toEqual(['new']);
});

test('after two rotations the first signing key is no longer valid', async () => {
  const { keys, put } = await setUp();
  for (const key of ['first', 'second', 'third']) await put(key);

  expect(await keys.known()).toEqual(['third', 'second']);
});

test('signing keys are cached for five minutes, and for an unknown signature at least for ten seconds', async () => {
  const { keys, reads, put, clock } = await setUp();
  await put('old');
  await keys.known();
  const once = reads();
  await put('new');

  clock.advance(9_999);
  expect((await keys.latest())[0]).toBe('old');
  expect(reads()).toBe(once);

  clock.advance(1);
  expect((await keys.known())[0]).toBe('old');
  expect(await keys.latest()).toEqual(['new', 'old']);
  expect(await keys.known()).toEqual(['new', 'old']);
  expect(reads()).toBe(2 * once);
});

test('a failed read of the signing keys is not cached', async () => {
  const { keys, put } = await setUp((nth) => (nth === 1 ? { response: throttled } : {}));
  await put('key');

  await expect(keys.known()).rejects.toMatchObject({ name: 'ThrottledOnce' });
  expect((await keys.known())[0]).toBe('key');
});

test("a provider's API key is found among all keys", async () => {
  const { read, put } = await setUp();
  await put('{"dashscope":"sk-1","other":"sk-2"}');

  expect(await providerKey(read, 'dashscope')()).toBe('sk-1');
});

test("white space around a provider's API key is not part of it", async () => {
  const { read, put } = await setUp();
  await put('{"dashscope":" sk-1\\n","fal":" "}');

  expect(await providerKey(read, 'dashscope')()).toBe('sk-1');
  expect(await providerKey(read, 'fal')()).toBeUndefined();
});

test('the local stack has an API key for each provider from the first start', async () => {
  const { read } = await setUp();

  expect(await providerKey(read, 'dashscope')()).toMatch(/^\S{32}$/);
  expect(await providersWithKey(read)()).toEqual(new Set(providerNames));
});

test.each<[string, string, readonly string[]]>([
  ['are those whose key is there', '{"fal":"sk-1","dashscope":"sk-2"}', ['fal', 'dashscope']],
  ['are not those whose key is empty', '{"fal":"sk-1","evolink":"","dashscope":"  "}', ['fal']],
  ['are none when the secret is a bare key', 'sk-1', []],
  ['are none when the secret is something else', '{"fal":{"key":"sk-1"}}', []],
  ['are none when it is empty', '{}', []],
])('the providers with a key %s', async (_, text, names) => {
  const { read, put } = await setUp();
  await put(text);

  expect(await providersWithKey(read)()).toEqual(new Set(names));
});

test('the providers with a key are unknown for now when the secret cannot be read', async () => {
  const { read, put } = await setUp((nth) => (nth === 1 ? { response: throttled } : {}));
  await put('{"fal":"sk-1"}');
  const offered = providersWithKey(read);

  await expect(offered()).rejects.toThrow(ProviderBusy);

  expect(await offered()).toEqual(new Set(['fal']));
});

test.each([
  ['other keys only', '{"other":"sk-secret"}'],
  ['an empty key', '{"dashscope":""}'],
  ['a key of white space', '{"dashscope":" \\n"}'],
  ['the bare key', 'sk-secret'],
  ['something else', '{"dashscope":{"key":"sk-secret"}}'],
])('with %s in the secret the operator must act, and no key gets into a log', async (_, text) => {
  const { read, put } = await setUp();
  await put(text);

  const rejection: unknown = await requireProviderKey(
    'dashscope',
    providerKey(read, 'dashscope'),
  )().catch((thrown: unknown) => thrown);

  expect(rejection).toBeInstanceOf(ProviderRejected);
  expect(rejection).toMatchObject({
    operatorMustAct: true,
    failure: {
      code: 'service_unavailable',
      message:
        'This model is not available here: its provider has no API key yet. Nothing was charged.',
    },
  });
  const { cause } = rejection instanceof Error ? rejection : {};
  expect(String(cause)).toContain('the secret has no key for dashscope');
  expect(String(cause)).not.toContain('sk-');
});
