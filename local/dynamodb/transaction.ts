import type { Item } from './dynalite.ts';
import { type Engine, keyOf } from './engine.ts';
import type { Json } from './json.ts';
import { invalid, Refusal, refuse } from './refusal.ts';
import { type Action, parseReads, parseWrites } from './transaction-request.ts';
import { isFailedCondition, itemInTheWay, keyHolder } from './write-item.ts';

/** Why one action stops its transaction, or that it does not. */
type Reason = { readonly Code: string; readonly Message?: string; readonly Item?: Item };

/** Applies all actions or none. A failed one does not hide what the others have to say. */
export async function transactWrite(engine: Engine, input: Json): Promise<Json> {
  const actions = parseWrites(engine, input);
  await refuseTwiceTheSame(engine, actions);

  const staged = engine.stage();
  const reasons: Reason[] = [];
  for (const action of actions) {
    // A check is a delete that is never committed.
    const { perform } = action.kind === 'ConditionCheck' ? engine.stage() : staged;
    reasons.push(
      await perform(action.operation, action.checked)
        .then(() => none)
        .catch((thrown) => reasonFor(engine, action, thrown)),
    );
  }
  cancelUnlessFine(reasons);
  await staged.commit();
  return {};
}

/** Reads all items as they are at one moment. */
export async function transactGet(engine: Engine, input: Json): Promise<Json> {
  const reads = parseReads(engine, input);
  await refuseTwiceTheSame(engine, reads);

  const answers = await Promise.all(
    reads.map((read) =>
      engine.perform('GetItem', read.checked).then(
        ({ Item: item }) => ({ reason: none, response: item === undefined ? {} : { Item: item } }),
        async (thrown) => ({ reason: await reasonFor(engine, read, thrown), response: {} }),
      ),
    ),
  );
  cancelUnlessFine(answers.map(({ reason }) => reason));
  return { Responses: answers.map(({ response }) => response) };
}

const none: Reason = { Code: 'None' };

async function refuseTwiceTheSame(engine: Engine, actions: readonly Action[]): Promise<void> {
  const keys = await Promise.all(
    actions.map(async ({ checked }) => {
      const table = await engine.table(String(checked['TableName']));
      return JSON.stringify([table.TableName, keyOf(table, keyHolder(checked))]);
    }),
  );
  if (new Set(keys).size < keys.length)
    throw invalid('Transaction request cannot include multiple operations on one item');
}

// What depends on the item is a reason; what does not (a table that is not there) goes up.
async function reasonFor(engine: Engine, action: Action, thrown: unknown): Promise<Reason> {
  if (isFailedCondition(thrown)) {
    const item = await itemInTheWay(engine, action.input, action.checked);
    return { Code: 'ConditionalCheckFailed', Message: thrown.message, ...item };
  }
  if (thrown instanceof Refusal && thrown.code === 'ValidationException')
    return { Code: 'ValidationError', Message: thrown.message };
  throw thrown;
}

function cancelUnlessFine(reasons: readonly Reason[]): void {
  const codes = reasons.map(({ Code }) => Code);
  if (codes.every((code) => code === none.Code)) return;
  throw refuse(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
    { CancellationReasons: reasons },
  );
}
