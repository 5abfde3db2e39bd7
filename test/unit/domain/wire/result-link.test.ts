import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isSignature } from '../../../../functions/domain/model/signature.ts';
import { linkValidForMs } from '../../../../functions/domain/model/task.ts';
import { isValidLink, resultLink } from '../../../../functions/domain/wire/result-link.ts';
import { signingWith } from '../../../support/signing.ts';
import { sampleId, sampleTime } from '../../../support/tasks.ts';

const secret = 'a signing secret';
const keys = signingWith(secret);
const expires = (sampleTime + linkValidForMs) / 1000;
const link = { taskId: sampleId, n: 2, expires };
const signature = 'G8uvDNURemAa1YGBCBwD2DcFrKizXdzeDGEdzv6-YiU';

test('a link is a signed URL of our API with its expiry', () => {
  expect(resultLink('https://api.example.com', secret, link)).toBe(
    `https://api.example.com/v1/results/${sampleId}/2?expires=1757242893&signature=${signature}`,
  );
});

test.each([
  ['that is new', sampleTime, true],
  ['one millisecond before its expiry', sampleTime + linkValidForMs - 1, true],
  ['that is 24 hours old', sampleTime + linkValidForMs, false],
])('a link %s is valid: %s', async (_when, now, works) => {
  expect(await isValidLink(keys, link, signature, now)).toBe(works);
});

test.each([
  ['another task', { ...link, taskId: 'task-unified-1757156493-imcg5zqu' }, signature],
  ['another image', { ...link, n: 1 }, signature],
  ['a later end', { ...link, expires: expires + 1 }, signature],
  ['no image', { ...link, n: Number.NaN }, signature],
  ['no end', { ...link, expires: Number.NaN }, signature],
  ['no signature', link, ''],
  ['a signature cut short', link, signature.slice(0, -1)],
  ['a signature and more', link, `${signature}=`],
  ['a signature with its first letter changed', link, `H${signature.slice(1)}`],
  ['a very long signature', link, signature.repeat(200)],
  ['a signature with a control character', link, `${signature.slice(0, -1)}\0`],
  ['a signature of letters that take two bytes', link, 'ü'.repeat(signature.length)],
])('a link with %s is not valid', async (_what, changed, given) => {
  expect(await isValidLink(keys, changed, given, sampleTime)).toBe(false);
});

test('a link signed with another secret is not valid', async () => {
  const others = signingWith('another secret', 'and one more');

  expect(await isValidLink(others, link, signature, sampleTime)).toBe(false);
});

test('links signed with the previous key and with the newest key are both valid', async () => {
  const rotated = signingWith('a new secret', secret);
  const fresh = new URL(resultLink('https://a.b', 'a new secret', link)).searchParams;

  expect(await isValidLink(rotated, link, signature, sampleTime)).toBe(true);
  expect(await isValidLink(rotated, link, fresh.get('signature') ?? '', sampleTime)).toBe(true);
});

test('the latest keys are loaded only for a signature that the cached keys do not match', async () => {
  const lookups: string[] = [];
  const watched = (known: string, latest: string) => ({
    known: async () => [known],
    latest: async () => {
      lookups.push(latest);
      return [latest];
    },
  });

  expect(await isValidLink(watched('old', secret), link, signature, sampleTime)).toBe(true);
  expect(lookups).toEqual([secret]);
  expect(await isValidLink(watched(secret, 'new'), link, signature, sampleTime)).toBe(true);
  expect(lookups).toEqual([secret]);
});

test('a malformed signature and an expired link are rejected without reading the keys', async () => {
  const never = () => Promise.reject(new Error('the keys were read'));
  const closed = { known: never, latest: never };

  expect(await isValidLink(closed, link, 'AAAA', sampleTime)).toBe(false);
  expect(await isValidLink(closed, link, signature, sampleTime + linkValidForMs)).toBe(false);
});

test('a signature is valid for one purpose only, and is compared in constant time', () => {
  const source = readFileSync('functions/domain/model/signature.ts', 'utf8');

  expect(isSignature(signature, secret, ['result', sampleId, 2, expires])).toBe(true);
  expect(isSignature(signature, secret, ['callback', sampleId, 2, expires])).toBe(false);
  expect(source).toContain('timingSafeEqual(expected, sent)');
});
