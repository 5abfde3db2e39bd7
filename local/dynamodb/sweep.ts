import * as z from 'zod';
import type { Answer } from './answer.ts';
import type { Json } from './json.ts';
import { Refusal } from './refusal.ts';

const Names = z.object({ TableNames: z.array(z.string()) });
const TimeToLive = z.object({
  TimeToLiveDescription: z.object({ AttributeName: z.string().optional() }),
});
const Described = z.object({
  Table: z.object({ KeySchema: z.array(z.object({ AttributeName: z.string() })) }),
});
const Attributes = z.record(z.string(), z.unknown());
const Page = z.object({ Items: z.array(Attributes), LastEvaluatedKey: Attributes.optional() });

// DynamoDB takes a time that lies further back for a mistake, and keeps the item.
const fiveYearsInSeconds = 5 * 365 * 24 * 60 * 60;

/** Deletes items whose time to live is over. Sweeps wait for each other; a failed one is logged. */
export function sweeper(answer: Answer, now: () => number) {
  let last: Promise<void> = Promise.resolve();
  const sweep = (): Promise<void> => {
    last = last
      .then(() => sweepTables(answer, Math.floor(now() / 1000)))
      .catch((thrown: unknown) => console.error('expired items stay for now', thrown));
    return last;
  };
  return { sweep, settled: () => last };
}

async function sweepTables(answer: Answer, nowSeconds: number): Promise<void> {
  const { TableNames: names } = Names.parse(await answer('ListTables', {}));
  for (const name of names) {
    const described = TimeToLive.parse(await answer('DescribeTimeToLive', { TableName: name }));
    const attribute = described.TimeToLiveDescription.AttributeName;
    if (attribute !== undefined) await sweepTable(answer, name, expiry(attribute, nowSeconds));
  }
}

/** Only numbers lie between numbers, so an item with anything else in the attribute stays. */
const expiry = (attribute: string, nowSeconds: number) => ({
  expression: '#expires BETWEEN :from AND :to',
  terms: {
    ExpressionAttributeNames: { '#expires': attribute },
    ExpressionAttributeValues: {
      ':from': { N: String(nowSeconds - fiveYearsInSeconds) },
      ':to': { N: String(nowSeconds) },
    },
  },
});

async function sweepTable(
  answer: Answer,
  TableName: string,
  { expression, terms }: ReturnType<typeof expiry>,
): Promise<void> {
  const { Table: table } = Described.parse(await answer('DescribeTable', { TableName }));
  const keyOf = (item: Json) =>
    Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, item[name]]));

  let start: Json = {};
  do {
    const scan = { TableName, FilterExpression: expression, ...terms, ...start };
    const { Items: items, LastEvaluatedKey: end } = Page.parse(await answer('Scan', scan));
    for (const item of items) {
      // Asked again: the item may have been given more time since it was read.
      const condition = { ConditionExpression: expression, ...terms };
      await answer('DeleteItem', { TableName, Key: keyOf(item), ...condition }).catch(unlessKept);
    }
    start = end ? { ExclusiveStartKey: end } : {};
  } while ('ExclusiveStartKey' in start);
}

function unlessKept(thrown: unknown): void {
  const kept = thrown instanceof Refusal && thrown.code === 'ConditionalCheckFailedException';
  if (!kept) throw thrown;
}
