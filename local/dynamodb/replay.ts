import { createHash } from 'node:crypto';
import { isJson, type Json } from './json.ts';
import { invalid, refuse } from './refusal.ts';

const rememberedMs = 10 * 60_000;
const maxTokenLength = 36;

/**
 * Runs a transaction with a `ClientRequestToken` once in ten minutes. Only successes are kept, and
 * only in memory: a client that tries again across a restart relies on its conditions.
 */
export function replay(now: () => number) {
  const successes = new Map<string, { readonly hash: string; readonly at: number }>();

  const forgetOld = () => {
    for (const [token, { at }] of successes)
      if (at + rememberedMs <= now()) successes.delete(token);
  };

  return async (
    { ClientRequestToken: token, TransactItems: items }: Json,
    run: () => Promise<Json>,
  ): Promise<Json> => {
    if (typeof token !== 'string' || token === '') return run();
    if (token.length > maxTokenLength)
      throw invalid(
        `1 validation error detected: Value '${token}' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to ${maxTokenLength}`,
      );

    forgetOld();
    const hash = createHash('sha256').update(canonical(items)).digest('hex');
    const success = successes.get(token);
    if (success?.hash === hash) return {};
    if (success) throw refuse('IdempotentParameterMismatchException');

    const result = await run();
    successes.set(token, { hash, at: now() });
    return result;
  };
}

/** JSON with sorted names: the order of an item's attributes is no content. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    isJson(part) ? Object.fromEntries(Object.entries(part).sort()) : part,
  );
