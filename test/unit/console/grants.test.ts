import { expect, test } from 'vitest';
import { type Grant, makeGrants } from '../../../console/screens/operator/grants.ts';

const lost = new Error('the answer was lost');
const refused = new Error('refused');

/** Grants through a service that answers as the test says, and records the keys and the bodies. */
function granter() {
  let keys = 0;
  const sent: string[] = [];
  let answer: () => Promise<unknown> = async () => {};
  const grants = makeGrants<string>({
    newKey: () => `key-${++keys}`,
    isUnclear: (error) => error === lost,
    send: async (account, grant, key) => {
      sent.push(`${account} ${key} ${JSON.stringify(grant)}`);
      await answer();
      return `entry-of-${key}`;
    },
  });
  const answerWith = (next: () => Promise<unknown>) => {
    answer = next;
  };
  const failWith = (error: Error) => answerWith(() => Promise.reject(error));
  return { grants, sent, answerWith, failWith };
}
const ten: Grant = { credits: 10, note: 'invoce 7' };

test('a grant whose answer was lost is repeated as it was, under its key, and no other is begun before', async () => {
  const { grants, sent, failWith, answerWith } = granter();
  failWith(lost);
  await expect(grants.begin('shop', ten)).rejects.toBe(lost);
  expect(grants.of('shop')).toMatchObject({ grant: ten, isSending: false, error: lost });

  expect(await grants.begin('shop', { credits: 10, note: 'invoice 7' })).toBe(undefined);
  answerWith(async () => {});
  expect(await grants.repeat('shop')).toBe('entry-of-key-1');

  expect(sent).toEqual(Array(2).fill(`shop key-1 ${JSON.stringify(ten)}`));
  expect(grants.of('shop')).toBe(undefined);
});

test('a grant that is refused is over, unless an earlier attempt had no clear answer', async () => {
  const { grants, failWith } = granter();
  failWith(refused);
  await expect(grants.begin('shop', ten)).rejects.toBe(refused);
  expect(grants.of('shop')).toBe(undefined);

  failWith(lost);
  await expect(grants.begin('shop', ten)).rejects.toBe(lost);
  failWith(refused);
  await expect(grants.repeat('shop')).rejects.toBe(refused);
  expect(grants.of('shop')).toMatchObject({ key: 'key-2', error: refused });
});

test('while a grant is on its way its account gets no second one, but another account may get one', async () => {
  const { grants, sent, answerWith } = granter();
  const answer = Promise.withResolvers<void>();
  answerWith(() => answer.promise);
  const first = grants.begin('shop', ten);
  expect(grants.of('shop')).toMatchObject({ isSending: true });
  expect(await grants.begin('shop', ten)).toBe(undefined);
  expect(await grants.repeat('shop')).toBe(undefined);
  const other = grants.begin('studio', ten);
  answer.resolve();

  expect([await first, await other]).toEqual(['entry-of-key-1', 'entry-of-key-2']);
  expect(sent).toHaveLength(2);
});

test('a grant that was dropped cannot be repeated, and neither can the grants of a session that has ended', async () => {
  const { grants, failWith, answerWith } = granter();
  failWith(lost);
  await expect(grants.begin('shop', ten)).rejects.toBe(lost);
  grants.drop('shop');
  expect(await grants.repeat('shop')).toBe(undefined);

  const answer = Promise.withResolvers<void>();
  answerWith(() => answer.promise);
  const late = grants.begin('shop', ten);
  grants.forget();
  answer.reject(lost);
  await expect(late).rejects.toBe(lost);
  expect(grants.of('shop')).toBe(undefined);
});
