import { expect, test } from 'vitest';
import { hashOfKey, keyIdOf } from '../../../../functions/domain/model/api-key.ts';
import * as ids from '../../../../functions/domain/model/ids.ts';
import { sampleId, sampleTime } from '../../../support/tasks.ts';

test.each([
  ['task', () => ids.newTaskId(sampleTime + 999), /^task-unified-1757156493-[a-z0-9]{8}$/],
  ['file', ids.newFileId, /^file-[a-z0-9]{26}$/],
  ['API key', ids.newApiKey, /^sk-dr-[A-Za-z0-9]{43}$/],
  ['webhook secret', ids.newWebhookSecret, /^whsec_[A-Za-z0-9+/]{43}=$/],
])('10,000 ids of a %s have their shape and are all different', (_what, make, shape) => {
  const made = Array.from({ length: 10_000 }, make);

  expect(made.filter((id) => !shape.test(id))).toEqual([]);
  expect(new Set(made).size).toBe(10_000);
});

test('a new id is recognised', () => {
  expect(ids.isTaskId(ids.newTaskId(Date.now()))).toBe(true);
  expect(ids.isFileId(ids.newFileId())).toBe(true);
  expect(ids.isKeyId(keyIdOf(hashOfKey(ids.newApiKey())))).toBe(true);
});

test.each([
  [sampleId, true],
  ['', false],
  ['task-1757156493-imcg5zqt', false],
  ['task-unified-1757156493-imcg5zq', false],
  ['task-unified-1757156493-imcg5zqtt', false],
  ['task-unified-1757156493-IMCG5ZQT', false],
  ['task-unified-x-imcg5zqt', false],
  [` ${sampleId}`, false],
  [`${sampleId}\n`, false],
  [`${sampleId}/1`, false],
])('%j is a task id: %s', (text, expected) => {
  expect(ids.isTaskId(text)).toBe(expected);
});

test.each([
  '',
  'file-',
  `file-${'a'.repeat(25)}`,
  `file-${'A'.repeat(26)}`,
  `../${'a'.repeat(26)}`,
])('%j is no file id', (text) => {
  expect(ids.isFileId(text)).toBe(false);
});

test.each([
  '',
  'key-',
  'key-0123456789abcde',
  'key-0123456789abcdef0',
  'key-0123456789ABCDEF',
  'key-0123456789abcdeg',
  'key-0123456789abcdef\n',
])('%j is no key id', (text) => {
  expect(ids.isKeyId(text)).toBe(false);
});
