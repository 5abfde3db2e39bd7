import { AwsError } from '../aws-error.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { type Action, conflictingItem, isFailedCondition } from './action.ts';
import type { Context } from './context.ts';
import type { Engine, Item } from './dynalite.ts';
import { dynamoDbError } from './error.ts';
import { conflictMessage } from './items-in-flight.ts';
import { parseReads, parseWrites, requireResponseSize } from './transaction-request.ts';

/** Why one action cancels its transaction, or `None`. */
type Reason = { readonly Code: string; readonly Message?: string; readonly Item?: Item };

const none: Reason = { Code: 'None' };
const conflict: Reason = { Code: 'TransactionConflict', Message: conflictMessage };

/**
 * Applies all actions or none, in two steps. The first one checks every action and holds its item; the second
 * one writes all of them. The error has a reason for every action, not only for the first that fails.
 */
export async function transactWrite(
  { engine, inFlight, prepared }: Context,
  input: JsonObject,
): Promise<JsonObject> {
  const actions = await parseWrites(engine, input);
  const buffer = engine.bufferWrites();
  const reasons: Reason[] = [];
  const accepted: Action[] = [];
  for (const action of actions) {
    // A condition check is a delete that is never committed.
    const { run } = action.kind === 'ConditionCheck' ? engine.bufferWrites() : buffer;
    const reason = inFlight.isHeld(action.id)
      ? conflict
      : await run(action.operation, action.checked)
          .then(() => none)
          .catch((thrown) => reasonFor(engine, action, thrown));
    reasons.push(reason);
    if (reason === none) accepted.push(action);
  }

  // Even a transaction that will be cancelled holds its items, until all of them know of the cancellation.
  const release = inFlight.hold(accepted.map(({ id }) => id));
  try {
    await prepared();
    cancelUnlessAllSucceeded(reasons);
    await buffer.commit();
  } finally {
    release();
  }
  inFlight.written(actions.flatMap(({ kind, id }) => (kind === 'ConditionCheck' ? [] : [id])));
  return {};
}

/** Reads all items at one moment: the transaction is cancelled when one of them is written meanwhile. */
export async function transactGet(
  { engine, inFlight, prepared }: Context,
  input: JsonObject,
): Promise<JsonObject> {
  const reads = await parseReads(engine, input);
  const heldBefore = new Set(reads.filter(({ id }) => inFlight.isHeld(id)));
  const watch = inFlight.watch(reads.map(({ id }) => id));
  await prepared().finally(watch.end);

  const results = await Promise.all(
    reads.map(async (read) => {
      if (heldBefore.has(read) || inFlight.isHeld(read.id) || watch.wasWritten(read.id))
        return { reason: conflict, response: {} };
      return engine.run('GetItem', read.checked).then(
        ({ Item: item }) => ({ reason: none, response: item === undefined ? {} : { Item: item } }),
        async (thrown) => ({ reason: await reasonFor(engine, read, thrown), response: {} }),
      );
    }),
  );
  cancelUnlessAllSucceeded(results.map(({ reason }) => reason));
  const responses = results.map(({ response }) => response);
  requireResponseSize(
    engine,
    responses.flatMap(({ Item: item }) => (isJsonObject(item) ? [item] : [])),
  );
  return { Responses: responses };
}

// An error that depends on the item is a reason; any other (a missing table) fails the request itself.
async function reasonFor(engine: Engine, action: Action, thrown: unknown): Promise<Reason> {
  if (isFailedCondition(thrown)) {
    const item = await conflictingItem(engine, action);
    return { Code: 'ConditionalCheckFailed', Message: thrown.message, ...item };
  }
  if (thrown instanceof AwsError && thrown.code === 'ValidationException')
    return { Code: 'ValidationError', Message: thrown.message };
  throw thrown;
}

function cancelUnlessAllSucceeded(reasons: readonly Reason[]): void {
  const codes = reasons.map(({ Code }) => Code);
  if (codes.every((code) => code === none.Code)) return;
  throw dynamoDbError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
    { CancellationReasons: reasons },
  );
}
