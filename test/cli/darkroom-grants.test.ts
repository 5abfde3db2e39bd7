import { describe, expect, test } from 'vitest';
import { entry, errorReply, keyId } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';
import type { Reply } from './fake-api.ts';
import { taskId } from './task-responses.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('darkroom accounts grant', () => {
  const grant = ['accounts', 'grant', 'studio'];
  const call = 'POST /v1/admin/accounts/studio/credits';
  const contextWithReplies = (...replies: readonly (Reply | 'hang up')[]) =>
    darkroomContext({ replies: { [call]: replies } });
  const keyOf = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
    headers['idempotency-key'];

  test('grants credits with a note for the ledger', async () => {
    const { api, runInProcess } = await contextWithReplies({ body: entry(12) });

    const { code, printed } = await runInProcess([...grant, '100', '--note', 'invoice 7']);

    expect(printed).toBe('granted 100 to studio: balance 198.8');
    expect(code).toBe(0);
    expect(json(api.calls()[0]?.body)).toEqual({ credits: 100, note: 'invoice 7' });
    const { printed: whole } = await runInProcess([...grant, '100', '--json']);
    expect(JSON.parse(whole)).toEqual(entry(12));
  });

  test.each([
    ['-5', -5],
    ['-0.5', -0.5],
  ])('withdraws credits for a negative amount: %s', async (text, credits) => {
    const body = entry(13, { kind: 'withdraw', amount_credits: credits, note: null });
    const { api, run } = await contextWithReplies({ body });

    expect(await run([...grant, text])).toEqual({
      stdout: `withdrew ${-credits} from studio: balance 198.8\n`,
      code: 0,
      stderr: '',
    });
    expect(json(api.calls()[0]?.body)).toEqual({ credits });
  });

  test('repeats a lost grant under the same idempotency key, so that it counts once', async () => {
    const { api, runInProcess } = await contextWithReplies(
      'hang up',
      { status: 503 },
      { body: entry(12) },
    );

    expect(await runInProcess([...grant, '100'])).toMatchObject({ code: 0 });

    const keys = api.calls().map(keyOf);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
    expect(new Set(keys).size).toBe(1);
  });

  test('uses another idempotency key for every grant', async () => {
    const { api, runInProcess } = await contextWithReplies({ body: entry(12) });

    await runInProcess([...grant, '100']);
    await runInProcess([...grant, '100']);

    expect(new Set(api.calls().map(keyOf)).size).toBe(2);
  });

  test('prints the idempotency key of a grant whose response was lost, and accepts it again', async () => {
    const lost = Array.from({ length: 4 }, () => 'hang up' as const);
    const { api, runInProcess } = await contextWithReplies(...lost, { body: entry(12) });

    const { code, message } = await runInProcess([...grant, '100']);
    const [, key = ''] = /; repeat it with --idempotency-key (\S+), so/.exec(message) ?? [];
    const repeated = await runInProcess([...grant, '100', '--idempotency-key', key]);

    expect([code, repeated.code]).toEqual([8, 0]);
    expect(new Set(api.calls().map(keyOf))).toEqual(new Set([key]));
  });

  test('reports a withdrawal above the balance in the words of the API', async () => {
    const message = 'The account has 3 credits.';
    const { runInProcess } = await contextWithReplies(
      errorReply(402, 'insufficient_quota', message),
    );

    expect(await runInProcess([...grant, '-5'])).toMatchObject({ code: 7, message });
  });

  test.each([
    [[...grant, '0'], 'It must be a number like 100, 1.2 or -5, and not 0.'],
    [[...grant, '1.2345'], 'It must be a number like 100, 1.2 or -5, and not 0.'],
    [[...grant, '1e3'], 'It must be a number like 100, 1.2 or -5, and not 0.'],
    [grant, "missing required argument 'credits'"],
    [
      [...grant, '1', '--idempotency-key', 'k'.repeat(256)],
      'It must be 1 to 255 printable characters of ASCII',
    ],
  ])('calls nothing on wrong usage: %j', async (args, message) => {
    const { api, runInProcess } = await darkroomContext();

    expect(await runInProcess(args)).toMatchObject({
      code: 2,
      message: expect.stringContaining(message),
    });
    expect(api.calls()).toEqual([]);
  });
});

describe('darkroom accounts entries', () => {
  const settled = {
    kind: 'settle',
    amount_credits: 1.2,
    charged_credits: 1.2,
    task_id: taskId,
    key_id: keyId(1),
    note: null,
  };
  const entries = [entry(2, settled), entry(1, { note: 'a\tb' })];
  const contextWithList = () =>
    darkroomContext({ lists: { '/v1/admin/accounts/studio/entries': entries } });

  test('prints a table on a terminal', async () => {
    const { runInProcess } = await contextWithList();

    const { printed } = await runInProcess(['accounts', 'entries', 'studio'], {
      isInteractive: true,
    });

    expect(printed.split('\n')).toEqual([
      'age  kind    amount  balance  charged  task                              key                   note',
      '1 h  settle     1.2    198.8      1.2  task-unified-1772366400-abcd1234  key-0000000000000001  -',
      '1 h  grant      100    198.8        -  -                                 key-0000000000000009  a b',
    ]);
  });

  test('prints a line for each entry elsewhere, and whole entries with --json', async () => {
    const { runInProcess } = await contextWithList();

    const { printed } = await runInProcess(['accounts', 'entries', 'studio']);
    const { printed: whole } = await runInProcess(['accounts', 'entries', 'studio', '--json']);

    expect(printed.split('\n')[1]).toBe(
      '2026-03-01T11:00:00Z\tgrant\t100\t198.8\t\t\tkey-0000000000000009\ta b',
    );
    expect(JSON.parse(whole)).toEqual(entries);
  });
});
