import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { dynamoDbError, validationError } from './error.ts';

const tokenLifetimeMs = 10 * 60_000;
const maxTokenLength = 36;

/** A token's record: the hash of its transaction, and when that succeeded (undefined while the transaction runs). */
type Use = { readonly hash: string; readonly succeededAt: number | undefined };

/**
 * Runs a transaction with a `ClientRequestToken` once in ten minutes. Only successes are stored,
 * and only in memory: a client that retries after a restart has to rely on its conditions.
 */
export function idempotentTransactions(now: () => number) {
  const uses = new Map<string, Use>();

  const deleteExpired = () => {
    for (const [token, { succeededAt = Infinity }] of uses)
      if (succeededAt + tokenLifetimeMs <= now()) uses.delete(token);
  };

  return async (
    { ClientRequestToken: token, TransactItems: items }: JsonObject,
    run: () => Promise<JsonObject>,
  ): Promise<JsonObject> => {
    if (typeof token !== 'string' || token === '') return run();
    if (token.length > maxTokenLength)
      throw validationError(
        `1 validation error detected: Value '${token}' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to ${maxTokenLength}`,
      );

    deleteExpired();
    const hash = createHash('sha256').update(canonical(items)).digest('hex');
    const earlier = uses.get(token);
    if (earlier) return repeated(earlier, hash);

    uses.set(token, { hash, succeededAt: undefined });
    try {
      const result = await run();
      uses.set(token, { hash, succeededAt: now() });
      return result;
    } catch (thrown) {
      uses.delete(token);
      throw thrown;
    }
  };
}

function repeated({ hash, succeededAt }: Use, repeatedHash: string): JsonObject {
  if (hash !== repeatedHash) throw dynamoDbError('IdempotentParameterMismatchException', '');
  if (succeededAt === undefined)
    throw dynamoDbError(
      'TransactionInProgressException',
      'The transaction with the given request token is already in progress.',
    );
  return {};
}

/** JSON with sorted names, since the order of an item's attributes has no meaning. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort()) : part,
  );
