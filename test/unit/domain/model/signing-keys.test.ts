import { expect, test } from 'vitest';
import { secretTtlMs } from '../../../../functions/domain/model/cache.ts';
import {
  type SecretVersions,
  signingKeys,
} from '../../../../functions/domain/model/signing-keys.ts';
import { settableClock } from '../../../support/fakes.ts';
import { sampleTime } from '../../../support/tasks.ts';

const signatureValidForMs = 60 * 60 * 1000;

function keysOf(versions: SecretVersions) {
  const clock = settableClock(sampleTime);
  const keys = signingKeys({
    readVersions: async () => versions,
    now: clock.now,
    signatureValidForMs,
  });
  return { keys, clock };
}

const current = { text: 'new', since: sampleTime };
const previous = { text: 'old', since: sampleTime - 1 };

test('a key that was never replaced is the only one', async () => {
  const { keys } = keysOf({ current });

  expect(await keys.known()).toEqual(['new']);
});

test('the key before is valid until the last signature has expired that a function made which had it in its cache', async () => {
  const { keys, clock } = keysOf({ current, previous });

  clock.advance(signatureValidForMs + secretTtlMs - 1);
  expect(await keys.known()).toEqual(['new', 'old']);

  clock.advance(secretTtlMs);
  expect(await keys.known()).toEqual(['new']);
});
