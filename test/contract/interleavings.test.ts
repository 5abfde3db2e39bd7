import * as fc from 'fast-check';
import { test } from 'vitest';
import { audit } from './interleavings-audit.ts';
import { happen, history } from './interleavings-history.ts';
import { dynamoDbGround, type Ground, memoryGround, worldOn } from './interleavings-world.ts';

// Whoever comes when, and wherever a process dies: the money is all there, once.

const { INTERLEAVINGS_SEED = '20250906', INTERLEAVINGS_PATH } = process.env;

const soundOn = (make: () => Promise<Ground>, mostCalls: number) =>
  fc.asyncProperty(history(mostCalls), async (moments) => {
    const world = await worldOn(make);
    try {
      await happen(world, moments);
      await audit(world);
    } catch (error) {
      throw new Error(`What happened:\n  ${world.trace.join('\n  ')}`, { cause: error });
    }
  });

test.each([
  ['the fakes', memoryGround, 2, 1200],
  ['the tables', dynamoDbGround, 5, 50],
] as const)(
  'no interleaving and no crash makes or loses a credit: %s',
  async (_, make, mostCalls, numRuns) => {
    await fc.assert(soundOn(make, mostCalls), {
      ...{ seed: Number(INTERLEAVINGS_SEED), numRuns },
      ...(INTERLEAVINGS_PATH && { path: INTERLEAVINGS_PATH, endOnFailure: true }),
      // A failure that is still being made smaller is told before the test is over.
      interruptAfterTimeLimit: 30_000,
    });
  },
);
