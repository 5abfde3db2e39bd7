import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { tablesOf } from '../../local/aws/template/read-tables.ts';
import type { TestStack } from './open-stack.ts';
import type { RawResponse } from './raw-request.ts';

/**
 * Sends all cases one after the other, and returns what is wrong with the responses: a 5xx, an error
 * without the envelope, or one that reveals internals. Expects that no table has changed.
 * `send` returns the response and the status it must have, if only one is right.
 */
export async function checkResponses<T>(
  stack: TestStack,
  cases: readonly T[],
  label: (one: T) => string,
  send: (one: T) => Promise<readonly [RawResponse, expected: number | undefined]>,
): Promise<readonly string[]> {
  expect(cases).not.toEqual([]);
  const before = await allItems(stack);
  const problems: string[] = [];
  for (const one of cases) {
    const [response, expected] = await send(one);
    const isExpected = expected === undefined || response.status === expected;
    const found = [
      ...problemsOf(response),
      ...(isExpected
        ? []
        : [`${response.status}, not ${expected}: ${response.text.slice(0, 150)}`]),
    ];
    problems.push(...found.map((problem) => `${label(one)}: ${problem}`));
  }
  expect(await allItems(stack)).toBe(before);
  return problems;
}

/** All items of all tables, except the activity of keys, which every request changes, and when the reconciler ran. */
export async function allItems({ context, dynamoDb }: TestStack): Promise<string> {
  const tables = tablesOf(context).filter(({ TableName }) => !/Activity/.test(TableName));
  const scans = await Promise.all(
    tables.map(({ TableName }) => dynamoDb.send(new ScanCommand({ TableName }))),
  );
  return JSON.stringify(
    scans.map(({ Items = [] }) =>
      Items.filter(({ pk }) => pk?.S !== 'summary#reconciler')
        .map((item) => JSON.stringify(item))
        .sort(),
    ),
  );
}

function problemsOf({ status, text }: RawResponse): readonly string[] {
  const internals =
    /\bat \S+:\d+|node_modules|\.mjs|\.ts\b|stack|Exception|\bError:|arn:aws|\bAWS|dynamo/i;
  return [
    ...(status >= 200 && status < 500 ? [] : [`status ${status}`]),
    ...(status < 400 || isProblem(text) ? [] : [`not in the envelope: ${text.slice(0, 100)}`]),
    ...(status >= 400 && internals.test(text) ? [`reveals internals: ${text.slice(0, 200)}`] : []),
  ];
}

function isProblem(text: string): boolean {
  const { error, message, success, code: number, msg } = JSON.parse(text || '{}');
  // The Files API has an envelope of its own.
  if (success === false) return Number.isInteger(number) && typeof msg === 'string';
  // Messages of API Gateway itself: it refuses paths that are not UTF-8, and bodies above 10 MB.
  if (error === undefined) return /^(Bad Request|Request Entity Too Large)$/.test(message);
  const { code, type, param } = error;
  const hasParam = param === null || typeof param === 'string';
  return typeof code === 'string' && typeof error.message === 'string' && !!type && hasParam;
}
