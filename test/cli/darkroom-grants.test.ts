import { describe, expect, test } from 'vitest';
import { entry, refusal } from './admin-answers.ts';
import { darkroomWorld } from './darkroom-world.ts';
import type { Reply } from './fake-api.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('credits', () => {
  const grant = ['accounts', 'grant', 'studio'];
  const call = 'POST /v1/admin/accounts/studio/credits';
  const granting = (...replies: readonly (Reply | 'hang up')[]) =>
    darkroomWorld({ answers: { [call]: replies } });
  const keyOf = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
    headers['idempotency-key'];

  test('are granted with a note for the ledger', async () => {
    const { api, give } = await granting({ body: entry(12) });

    const { code, printed } = await give([...grant, '100', '--note', 'invoice 7']);

    expect(printed).toBe('granted 100 to studio: balance 198.8 after entry 12');
    expect(code).toBe(0);
    expect(json(api.seen()[0]?.body)).toEqual({ credits: 100, note: 'invoice 7' });
    const { printed: whole } = await give([...grant, '100', '--json']);
    expect(JSON.parse(whole)).toEqual(entry(12));
  });

  test.each([
    ['-5', -5],
    ['-0.5', -0.5],
  ])('are withdrawn by a negative amount: %s', async (text, credits) => {
    const body = entry(13, { kind: 'withdraw', amount_credits: credits, note: null });
    const { api, run } = await granting({ body });

    expect(await run([...grant, text])).toEqual({
      stdout: `withdrew ${-credits} from studio: balance 198.8 after entry 13\n`,
      ...{ code: 0, stderr: '' },
    });
    expect(json(api.seen()[0]?.body)).toEqual({ credits });
  });

  test('count once, however often they have to be asked for', async () => {
    const { api, give } = await granting('hang up', { status: 503 }, { body: entry(12) });

    expect(await give([...grant, '100'])).toMatchObject({ code: 0 });

    const keys = api.seen().map(keyOf);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
    expect(new Set(keys).size).toBe(1);
  });

  test('are other ones every time', async () => {
    const { api, give } = await granting({ body: entry(12) });

    await give([...grant, '100']);
    await give([...grant, '100']);

    expect(new Set(api.seen().map(keyOf)).size).toBe(2);
  });

  test('whose answer was lost can be asked for again under the key that is told', async () => {
    const lost = Array.from({ length: 4 }, () => 'hang up' as const);
    const { api, give } = await granting(...lost, { body: entry(12) });

    const { code, message } = await give([...grant, '100']);
    const [, key = ''] = /; repeat it with --idempotency-key (\S+), so/.exec(message) ?? [];
    const again = await give([...grant, '100', '--idempotency-key', key]);

    expect([code, again.code]).toEqual([1, 0]);
    expect(new Set(api.seen().map(keyOf))).toEqual(new Set([key]));
  });

  test('that are not there cannot be withdrawn', async () => {
    const message = 'The account has 3 credits.';
    const { give } = await granting(refusal(402, 'insufficient_quota', message));

    expect(await give([...grant, '-5'])).toMatchObject({ code: 1, message });
  });

  test.each([
    [[...grant, '0'], 'It must be a number like 100, 1.2 or -5, and not 0.'],
    [[...grant, '1.2345'], 'It must be a number like 100, 1.2 or -5, and not 0.'],
    [[...grant, '1e3'], 'It must be a number like 100, 1.2 or -5, and not 0.'],
    [grant, "missing required argument 'credits'"],
    [[...grant, '1', '--idempotency-key', 'short'], 'It must be 16 to 96 of'],
  ])('are not moved by wrong usage: %j', async (args, message) => {
    const { api, give } = await darkroomWorld();

    expect(await give(args)).toMatchObject({ code: 2, message: expect.stringContaining(message) });
    expect(api.seen()).toEqual([]);
  });
});

describe('the ledger of an account', () => {
  const settled = {
    ...{ kind: 'settle', amount_credits: 1.2, charged_credits: 1.2, task_id: 'task-1' },
    ...{ key_id: 'key-1', note: null },
  };
  const entries = [entry(2, settled), entry(1, { note: 'a\tb' })];
  const listed = () => darkroomWorld({ lists: { '/v1/admin/accounts/studio/entries': entries } });

  test('is a table on a terminal', async () => {
    const { give } = await listed();

    const { printed } = await give(['accounts', 'entries', 'studio'], { isWatched: true });

    expect(printed.split('\n')).toEqual([
      'number  age  kind    amount  balance  charged  task    key        note',
      '     2  1 h  settle     1.2    198.8      1.2  task-1  key-1      -',
      '     1  1 h  grant      100    198.8        -  -       key-admin  a b',
    ]);
  });

  test('is a line an entry elsewhere, and whole in JSON', async () => {
    const { give } = await listed();

    const { printed } = await give(['accounts', 'entries', 'studio']);
    const { printed: whole } = await give(['accounts', 'entries', 'studio', '--json']);

    expect(printed.split('\n')[1]).toBe(
      '1\t2026-03-01T11:00:00Z\tgrant\t100\t198.8\t\t\tkey-admin\ta b',
    );
    expect(JSON.parse(whole)).toEqual(entries);
  });
});
