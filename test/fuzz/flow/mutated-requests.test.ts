import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../../local/providers/images/random.ts';
import { checkResponses } from '../../flow/check-responses.ts';
import type { TestStack } from '../../flow/open-stack.ts';
import { sendRawRequest } from '../../flow/raw-request.ts';
import { startStack } from '../../flow/start-stack.ts';

// A valid body is mutated at random. `FUZZ_SEED` selects other mutations.

const count = 300;
const random = seededRandom(Number(process.env['FUZZ_SEED'] ?? 1));

let stack: TestStack;

beforeAll(async () => {
  stack = await startStack();
  stack.tripwire.add('a prompt', 'arry sky');
});
afterAll(() => stack?.close());

const asOperator = (method: string, path: string, body?: unknown) =>
  stack.call(method, path, body, { authorization: `Bearer ${stack.keys.adminKey}` });

const validBody = String.raw`{"model":"wan2.5-image-to-image","prompt":"A s\u0074arry sky 🌌","n":2,"seed":7,
    "size":"768x768","image_uploads":[{"content_type":"image/png"}],"callback_url":"https://example.com/a?b=c",
    "metadata":{"order":"4711","constructor":"x"},"watermark":true,"task_ids":["task-unified-1757156493-imcg5zqt"],
    "content_type":"image/png"}`;
const fragments = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\\ud800',
  '\0',
  '\xff',
  '\uFEFF',
  '-',
  '1e999',
  'null',
  'true',
  '[[[[',
  '"n":3,',
  '"__proto__":{},',
  '\u2028',
  '0',
  '.',
  '🌌',
  '//',
];

/** The bytes of the valid body, with one to three pieces removed, duplicated or replaced by a fragment. */
function mutatedBody(): Buffer {
  let text = Buffer.from(validBody).toString('latin1');
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    const at = Math.floor(random() * text.length);
    const length = Math.floor(random() * 8);
    const fragment = fragments[Math.floor(random() * fragments.length)] ?? '';
    const piece = random() < 0.3 ? text.slice(at, at + 40) : fragment;
    text = text.slice(0, at) + piece + text.slice(at + length);
  }
  return Buffer.from(text, 'latin1');
}

test('mutated requests get a response in the envelope, and change nothing for an account without credits', async () => {
  const account = { id: 'penniless', limits: { requests_per_minute: 100_000 } };
  await asOperator('POST', '/v1/admin/accounts', account);
  const { body: key } = await asOperator('POST', '/v1/admin/keys', {
    account: 'penniless',
    name: 'a',
  });
  const paths = ['/v1/images/generations', '/v1/files', '/v1/tasks/batch'];
  const cases = Array.from({ length: count }, (_, index) => ({
    path: paths[index % paths.length] ?? '',
    body: mutatedBody(),
  }));
  const statuses: number[] = [];

  const problems = await checkResponses(
    stack,
    cases,
    ({ path, body }) => `POST ${path} with ${body.toString('latin1')}`,
    async ({ path, body }) => {
      const response = await sendRawRequest(stack.url, {
        method: 'POST',
        target: path,
        body,
        headers: [
          ['authorization', `Bearer ${key.api_key}`],
          ['content-type', 'application/json'],
        ],
      });
      statuses.push(response.status);
      return [response, undefined];
    },
  );

  expect(problems).toEqual([]);
  // Some mutations are harmless: such a request is valid, and refused only for its lack of credits.
  expect(new Set(statuses)).toEqual(new Set([200, 400, 402]));
});
