import { expect, test } from 'vitest';
import { isValidLink, linkValidForMs, resultLink } from '../../../functions/task/result-link.ts';
import { sampleId, sampleTime } from '../../support/tasks.ts';

const secret = 'a signing secret';
const expires = (sampleTime + linkValidForMs) / 1000;
const link = { taskId: sampleId, n: 2, expires };
const signature = 'G8uvDNURemAa1YGBCBwD2DcFrKizXdzeDGEdzv6-YiU';

test('a link leads to our API and says until when it works', () => {
  expect(resultLink('https://api.example.com', secret, link)).toBe(
    `https://api.example.com/v1/results/${sampleId}/2?expires=1757242893&signature=${signature}`,
  );
});

test.each([
  ['at once', sampleTime, true],
  ['in its last millisecond', sampleTime + linkValidForMs - 1, true],
  ['after 24 hours', sampleTime + linkValidForMs, false],
])('a link works %s: %s', (_when, now, works) => {
  expect(isValidLink(secret, link, signature, now)).toBe(works);
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
  ['a signature of letters that take two bytes', link, 'ü'.repeat(signature.length)],
])('a link with %s is not ours', (_what, changed, given) => {
  expect(isValidLink(secret, changed, given, sampleTime)).toBe(false);
});

test('a link signed with another secret is not ours', () => {
  expect(isValidLink('another secret', link, signature, sampleTime)).toBe(false);
});
