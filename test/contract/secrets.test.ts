import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished, test } from 'vitest';
import { providerKey, providersWithKey, secret } from '../../functions/aws/secrets.ts';
import { signingKeys } from '../../functions/aws/signing-keys.ts';
import { ProviderBusy, ProviderRefused } from '../../functions/task/failures.ts';
import { providerNames } from '../../functions/task/provider.ts';
import { startSecrets } from '../../local/secrets/secrets.ts';
import { settableClock } from '../support/fakes.ts';
import { front } from './front.ts';
import { sdk, secrets } from './stage.ts';

const SecretId = secrets.find(({ id }) => id.includes('ProviderKeys'))?.arn ?? '';
const minute = 60_000;
const throttled = { status: 400, body: { __type: 'ThrottledOnce', message: 'not now' } };

/** The secrets of the template. `read` is told the time by `clock`, and `reads` counts how often it asks. */
async function world(fate?: Parameters<typeof front>[1]) {
  const directory = await mkdtemp(join(tmpdir(), 'darkroom-contract-'));
  const clock = settableClock(0);
  const server = await startSecrets({ secrets, directory, now: clock.now });
  onTestFinished(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });
  const between = await front(server.url, fate);
  const clientOf = (endpoint: string) => {
    const client = new SecretsManagerClient({ endpoint, ...sdk, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    return client;
  };
  const direct = clientOf(server.url);
  return {
    clock,
    read: secret(clientOf(between.url), SecretId, clock.now),
    keys: signingKeys(clientOf(between.url), SecretId, clock.now),
    reads: () => between.seen.length,
    put: (SecretString: string) =>
      direct.send(new PutSecretValueCommand({ SecretId, SecretString })),
  };
}

test('a secret is read once in five minutes, and then as it is by now', async () => {
  const { read, reads, put, clock } = await world();
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

test('a failed read is not kept', async () => {
  const { read, put } = await world((nth) => (nth === 1 ? { answer: throttled } : {}));
  await put('value');

  await expect(read()).rejects.toMatchObject({ name: 'ThrottledOnce' });
  expect(await read()).toBe('value');
});

const day = 24 * 60 * minute;

test('a key that was never replaced is the only one', async () => {
  const { keys } = await world();

  expect(await keys.known()).toHaveLength(1);
});

test('the key before counts until the last link signed with it is over, and then by itself no more', async () => {
  const { keys, put, clock } = await world();
  await put('old');
  clock.advance(day);
  await put('new');

  expect(await keys.known()).toEqual(['new', 'old']);
  clock.advance(day + 5 * minute - 1);
  expect(await keys.known()).toEqual(['new', 'old']);
  clock.advance(5 * minute);
  expect(await keys.known()).toEqual(['new']);
});

test('two rotations leave nothing of the first key', async () => {
  const { keys, put } = await world();
  for (const key of ['first', 'second', 'third']) await put(key);

  expect(await keys.known()).toEqual(['third', 'second']);
});

test('keys are known for five minutes, and looked at again after ten seconds for who has to', async () => {
  const { keys, reads, put, clock } = await world();
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

test('keys that could not be read are asked for again', async () => {
  const { keys, put } = await world((nth) => (nth === 1 ? { answer: throttled } : {}));
  await put('key');

  await expect(keys.known()).rejects.toMatchObject({ name: 'ThrottledOnce' });
  expect((await keys.known())[0]).toBe('key');
});

test("a provider's key is found among all keys", async () => {
  const { read, put } = await world();
  await put('{"dashscope":"sk-1","other":"sk-2"}');

  expect(await providerKey(read, 'dashscope')()).toBe('sk-1');
});

test('the laptop has a key for each of its providers from the first start', async () => {
  const { read } = await world();

  expect(await providerKey(read, 'dashscope')()).toMatch(/^\S{32}$/);
  expect(await providersWithKey(read)()).toEqual(new Set(providerNames));
});

test.each<[string, string, readonly string[]]>([
  ['are those whose key is there', '{"fal":"sk-1","dashscope":"sk-2"}', ['fal', 'dashscope']],
  ['are not those whose key is empty', '{"fal":"sk-1","evolink":"","dashscope":"  "}', ['fal']],
  ['are none when the secret is a bare key', 'sk-1', []],
  ['are none when the secret is something else', '{"fal":{"key":"sk-1"}}', []],
  ['are none when it is empty', '{}', []],
])('the providers that are offered %s', async (_, text, names) => {
  const { read, put } = await world();
  await put(text);

  expect(await providersWithKey(read)()).toEqual(new Set(names));
});

test('which providers are offered cannot be said for now when their keys cannot be read', async () => {
  const { read, put } = await world((nth) => (nth === 1 ? { answer: throttled } : {}));
  await put('{"fal":"sk-1"}');
  const offered = providersWithKey(read);

  await expect(offered()).rejects.toThrow(ProviderBusy);

  expect(await offered()).toEqual(new Set(['fal']));
});

test.each([
  ['other keys only', '{"other":"sk-secret"}'],
  ['an empty key', '{"dashscope":""}'],
  ['the bare key', 'sk-secret'],
  ['something else', '{"dashscope":{"key":"sk-secret"}}'],
])('with %s in the secret the operator must act, and no key gets into a log', async (_, text) => {
  const { read, put } = await world();
  await put(text);

  const refusal: unknown = await providerKey(read, 'dashscope')().catch(
    (thrown: unknown) => thrown,
  );

  expect(refusal).toBeInstanceOf(ProviderRefused);
  expect(refusal).toMatchObject({
    operatorMustAct: true,
    failure: {
      code: 'service_unavailable',
      message: 'This model is not available here: its provider has no API key yet.',
    },
  });
  const { cause } = refusal instanceof Error ? refusal : {};
  expect(String(cause)).toContain('the secret has no key for dashscope');
  expect(String(cause)).not.toContain('sk-');
});
