import * as z from 'zod';
import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../json-object.ts';
import type { RunOperation } from './operations.ts';

const Names = z.object({ TableNames: z.array(z.string()) });
const TimeToLive = z.object({
  TimeToLiveDescription: z.object({ AttributeName: z.string().optional() }),
});
const Described = z.object({
  Table: z.object({ KeySchema: z.array(z.object({ AttributeName: z.string() })) }),
});
const Attributes = z.record(z.string(), z.unknown());
const Page = z.object({ Items: z.array(Attributes), LastEvaluatedKey: Attributes.optional() });

// DynamoDB treats an expiry time before that as a mistake, and does not delete the item.
const fiveYearsInSeconds = 5 * 365 * 24 * 60 * 60;

/** Deletes expired items. Runs happen one after the other; the error of a failed one is logged. */
export function ttlDeleter(run: RunOperation, now: () => number) {
  let last: Promise<void> = Promise.resolve();
  const deleteExpired = (): Promise<void> => {
    last = last
      .then(() => deleteFromTables(run, Math.floor(now() / 1000)))
      .catch((thrown: unknown) => console.error('expired items could not be deleted', thrown));
    return last;
  };
  return { deleteExpired, settled: () => last };
}

async function deleteFromTables(run: RunOperation, nowSeconds: number): Promise<void> {
  const { TableNames: names } = Names.parse(await run('ListTables', {}));
  for (const name of names) {
    const described = TimeToLive.parse(await run('DescribeTimeToLive', { TableName: name }));
    const attribute = described.TimeToLiveDescription.AttributeName;
    if (attribute !== undefined) await deleteFrom(run, name, isExpired(attribute, nowSeconds));
  }
}

/** BETWEEN two numbers is true for numbers only, so an item with another type in the attribute stays. */
const isExpired = (attribute: string, nowSeconds: number) => ({
  expression: '#expires BETWEEN :from AND :to',
  placeholders: {
    ExpressionAttributeNames: { '#expires': attribute },
    ExpressionAttributeValues: {
      ':from': { N: String(nowSeconds - fiveYearsInSeconds) },
      ':to': { N: String(nowSeconds) },
    },
  },
});

async function deleteFrom(
  run: RunOperation,
  TableName: string,
  { expression, placeholders }: ReturnType<typeof isExpired>,
): Promise<void> {
  const { Table: table } = Described.parse(await run('DescribeTable', { TableName }));
  const keyOf = (item: JsonObject) =>
    Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, item[name]]));

  let start: JsonObject = {};
  do {
    const scan = { TableName, FilterExpression: expression, ...placeholders, ...start };
    const { Items: items, LastEvaluatedKey: end } = Page.parse(await run('Scan', scan));
    for (const item of items) {
      // Checked a second time: the item may have got a later expiry time since it was read.
      const condition = { ConditionExpression: expression, ...placeholders };
      await run('DeleteItem', { TableName, Key: keyOf(item), ...condition }).catch(ignoreLostRace);
    }
    start = end ? { ExclusiveStartKey: end } : {};
  } while ('ExclusiveStartKey' in start);
}

// The next run finds the item again, if it has still expired.
function ignoreLostRace(thrown: unknown): void {
  const isLostRace =
    thrown instanceof AwsError &&
    ['ConditionalCheckFailedException', 'TransactionConflictException'].includes(thrown.code);
  if (!isLostRace) throw thrown;
}
