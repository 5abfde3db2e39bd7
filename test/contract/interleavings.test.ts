import * as fc from 'fast-check';
import { test } from 'vitest';
import { isThorough } from '../support/thorough.ts';
import { audit } from './interleavings-audit.ts';
import {
  dynamoDbTestStore,
  makeContext,
  memoryTestStore,
  type TestStore,
} from './interleavings-context.ts';
import { history, runHistory } from './interleavings-history.ts';

// Processes run at the same time, in any order of their calls, and crash at any call.

const { INTERLEAVINGS_SEED = '20250906', INTERLEAVINGS_PATH } = process.env;
const factor = isThorough ? 4 : 1;

const invariantsHold = (make: () => Promise<TestStore>, maxCalls: number) =>
  fc.asyncProperty(history(maxCalls), async (phases) => {
    const context = await makeContext(make);
    try {
      await runHistory(context, phases);
      await audit(context);
    } catch (error) {
      throw new Error(`What happened:\n  ${context.trace.join('\n  ')}`, { cause: error });
    }
  });

test.each([
  ['the in-memory store', memoryTestStore, 2, 300],
  ['DynamoDB with one shard', dynamoDbTestStore(1), 8, 6],
  ['DynamoDB with two shards', dynamoDbTestStore(2), 8, 6],
  ['DynamoDB with sixteen shards', dynamoDbTestStore(16), 8, 3],
] as const)(
  'no interleaving and no crash creates or loses a credit in %s',
  async (_, make, maxCalls, numRuns) => {
    await fc.assert(invariantsHold(make, maxCalls), {
      seed: Number(INTERLEAVINGS_SEED),
      numRuns: numRuns * factor,
      ...(INTERLEAVINGS_PATH && { path: INTERLEAVINGS_PATH, endOnFailure: true }),
      // Shrinking stops in time, so that a failure is reported before the test times out.
      interruptAfterTimeLimit: 30_000,
    });
  },
);
