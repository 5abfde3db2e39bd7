import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { invokeIssueKey, issueConsoleLink } from '../../local/local-keys.ts';
import { fakeClock } from '../support/clock.ts';
import { type Body, openStack, type TestStack } from './open-stack.ts';

// The link with which the operator signs in to the console: exchanged once, for a session that ends by itself.

const clock = fakeClock();
const minute = 60_000;
let stack: TestStack;

beforeAll(async () => {
  stack = await openStack({ outdir: inject('outdir'), clock });
});
afterAll(() => stack?.close());
// The gateway lets five of these requests through a second.
beforeEach(() => clock.advance(5000));

const newCode = async (name = 'mira'): Promise<string> => {
  const issued = (await invokeIssueKey(stack, { console: { name } })) as { code: string };
  stack.tripwire.add('a secret', issued.code);
  return issued.code;
};
const exchange = (code: unknown) =>
  stack.call('POST', '/v1/console/sessions', { code }, { authorization: '' });
const withKey = (key: string, method: string, path: string, body?: unknown) =>
  stack.call(method, path, body, { authorization: `Bearer ${key}` });
const admin = (method: string, path: string, body?: unknown) =>
  withKey(stack.keys.adminKey, method, `/v1/admin${path}`, body);
const entriesOf = async (operation: string): Promise<readonly Body[]> =>
  (await admin('GET', `/audit?operation=${operation}`)).body.data;

const refused = {
  code: 'unauthorized',
  message:
    'This link does not work: it was used, or is older than ten minutes. Make a new one with `npm run keys -- console`.',
};

describe('a code', () => {
  test('is exchanged once for a session of the operator; the second attempt gets nothing, and both are in the audit', async () => {
    const code = await newCode('mira <b>');
    const first = await exchange(code);
    const second = await exchange(code);
    const third = await exchange(code);

    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      object: 'console_session',
      api_key: expect.stringMatching(/^sk-dr-/),
      key_id: expect.stringMatching(/^key-/),
      expires_at: expect.any(Number),
      idle_seconds: 1800,
    });
    expect([second.status, third.status]).toEqual([401, 401]);
    expect(second.body.error).toMatchObject(refused);
    expect(await withKey(first.body.api_key, 'GET', '/v1/admin/accounts')).toMatchObject({
      status: 200,
    });
    const [again, opened, ...others] = await entriesOf('openConsole');
    expect(others).toEqual([]);
    expect(opened).toMatchObject({
      actor: { key_id: 'operator', key_name: 'mira <b>' },
      account: 'operator',
      key_id: first.body.key_id,
      request_id: first.headers.get('x-request-id'),
    });
    // A third attempt adds no entry: nobody can fill the audit with one code.
    expect(again).toMatchObject({
      after: { refused: 'the code was used before' },
      key_id: null,
      request_id: second.headers.get('x-request-id'),
    });
    // The first code also makes the account, in the same millisecond or not.
    const issued = (await entriesOf('issueConsoleCode')).find(({ after }) => 'name' in after);
    expect(issued).toMatchObject({
      actor: { key_id: 'operator', key_name: 'AWS credentials' },
      after: { name: 'mira <b>' },
    });
    expect(JSON.stringify([again, opened, issued])).not.toMatch(/sk-dr-|once-|hash/);
  });

  test('that is sent twice at the same time makes one session', async () => {
    const code = await newCode();
    const statuses = (await Promise.all([exchange(code), exchange(code), exchange(code)])).map(
      ({ status }) => status,
    );

    expect(statuses.toSorted()).toEqual([200, 401, 401]);
  });

  test('works for ten minutes', async () => {
    const [early, late] = [await newCode(), await newCode()];
    clock.advance(9 * minute);
    expect((await exchange(early)).status).toBe(200);
    clock.advance(2 * minute);
    const { status, body } = await exchange(late);

    expect(status).toBe(401);
    expect(body.error).toMatchObject(refused);
  });

  test.each([
    ['that nobody has made', `once-${'a'.repeat(43)}`],
    ['that is no code', 'code-reusable'],
    ['that is empty', ''],
    ['that is an API key', `sk-dr-${'a'.repeat(43)}`],
  ])('%s is refused in the same words, and has no entry in the audit', async (_what, code) => {
    const before = await entriesOf('openConsole');
    const { status, body } = await exchange(code);

    expect(status).toBe(401);
    expect(body.error).toMatchObject(refused);
    expect(await entriesOf('openConsole')).toEqual(before);
  });

  test('that is not a text makes the request invalid', async () => {
    expect((await exchange(7)).status).toBe(400);
    expect((await exchange('a'.repeat(300))).status).toBe(400);
  });
});

describe('a session', () => {
  const open = async (): Promise<Body> => (await exchange(await newCode())).body;
  const credits = async (key: string) => withKey(key, 'GET', '/v1/admin/accounts');

  test('lasts eight hours, however much it is used', async () => {
    const { api_key } = await open();
    for (let used = 0; used < 8 * 60 - 20; used += 20) {
      clock.advance(20 * minute);
      expect((await credits(api_key)).status).toBe(200);
    }
    clock.advance(21 * minute);
    const { status, body } = await credits(api_key);

    expect(status).toBe(401);
    expect(body.error.code).toBe('KEY_EXPIRED');
  });

  test('ends when nobody has used it for half an hour, and does not come back', async () => {
    const { api_key } = await open();
    clock.advance(29 * minute);
    expect((await credits(api_key)).status).toBe(200);
    clock.advance(31 * minute);
    const { status, body } = await credits(api_key);

    expect(status).toBe(401);
    expect(body.error).toMatchObject({
      code: 'KEY_EXPIRED',
      message: 'The session of "mira" has ended: nobody has used it for half an hour.',
    });
    expect((await credits(api_key)).status).toBe(401);
    expect((await withKey(api_key, 'GET', '/v1/credits')).status).toBe(401);
  });

  test('is in the list of keys under its name, ends when somebody disables it, and cannot be made longer', async () => {
    const { api_key, key_id } = await open();
    const { body } = await admin('GET', '/keys?account=operator&limit=100');
    const listed = body.data.find(({ id }: Body) => id === key_id);
    expect(listed).toMatchObject({ name: 'mira', is_session: true, scopes: ['admin'] });

    const longer = await admin('PATCH', `/keys/${key_id}`, { expires_at: null });
    expect([longer.status, longer.body.error.code]).toEqual([403, 'permission_denied']);
    expect((await admin('PATCH', `/keys/${key_id}`, { enabled: false })).status).toBe(200);
    expect((await credits(api_key)).body.error.code).toBe('KEY_DISABLED');
  });

  test('spends nothing', async () => {
    const { api_key } = await open();
    const { status } = await withKey(api_key, 'POST', '/v1/images/generations', {
      prompt: 'Make it snow',
      image_urls: ['https://example.com/a.jpg'],
    });

    expect(status).toBe(403);
  });
});

describe('the link of the local stack', () => {
  const codeIn = (link: string) => new URL(link).hash.replace('#code=', '');

  test('works again and again, until the stack has printed another', async () => {
    const before = codeIn(await issueConsoleLink(stack));
    clock.advance(60 * minute);
    expect((await exchange(before)).status).toBe(200);
    expect((await exchange(before)).status).toBe(200);

    const after = codeIn(await issueConsoleLink(stack));

    expect((await exchange(before)).status).toBe(401);
    expect((await exchange(after)).status).toBe(200);
  });

  test('is refused under any host name but that of this machine', async () => {
    const code = codeIn(await issueConsoleLink(stack));

    expect(await exchangeAs('127.0.0.1', code)).toBe(200);
    expect(await exchangeAs('localhost:3000', code)).toBe(200);
    expect(await exchangeAs('darkroom.example.com', code)).toBe(401);
    expect(await exchangeAs('127.0.0.1.example.com', code)).toBe(401);
  });

  /** The status of an exchange that was sent to this name; `fetch` sets the header itself. */
  const exchangeAs = (host: string, code: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { host, 'content-type': 'application/json' };
      request(`${stack.url}/v1/console/sessions`, { method: 'POST', headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      })
        .on('error', reject)
        .end(JSON.stringify({ code }));
    });
});

test('an event for a code with anything else in it makes nothing, least of all a key', async () => {
  const count = async () =>
    (await admin('GET', '/audit?actor=operator&limit=100')).body.data.length;
  const before = await count();
  for (const event of [
    { console: {} },
    { console: { name: '' } },
    { console: { name: 'a' }, scopes: ['admin'] },
  ]) {
    await expect(invokeIssueKey(stack, event)).rejects.toThrow(/No key could be issued/);
  }

  expect(await count()).toBe(before);
});
