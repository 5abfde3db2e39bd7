import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import type { Answer } from './answer.ts';
import { Refusal } from './refusal.ts';

type KeySchema = readonly { readonly AttributeName: string; readonly KeyType: string }[];
type Index = {
  readonly IndexName: string;
  readonly KeySchema: KeySchema;
  readonly Projection: {
    readonly ProjectionType?: string | undefined;
    readonly NonKeyAttributes?: readonly string[] | undefined;
  };
};

/** A table as CreateTable describes it. There is no capacity here, so it is always on demand. */
export type TableDefinition = {
  readonly TableName: string;
  readonly KeySchema: KeySchema;
  readonly AttributeDefinitions: readonly {
    readonly AttributeName: string;
    readonly AttributeType: string;
  }[];
  readonly GlobalSecondaryIndexes?: readonly Index[] | undefined;
  readonly LocalSecondaryIndexes?: readonly Index[] | undefined;
  readonly BillingMode?: string | undefined;
  readonly TimeToLive?: { readonly AttributeName: string } | undefined;
};

/**
 * Creates the table and waits until it is there. One that exists stays as it is.
 * @throws {Error} when the one that exists has other keys or indexes: it is of an older template
 */
export async function ensureTable(answer: Answer, definition: TableDefinition): Promise<void> {
  const { TableName, TimeToLive, ...shape } = definition;
  const existing = await describe(answer, TableName);
  if (existing) return refuseUnlessSame(existing, definition);

  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes } = shape;
  await answer('CreateTable', {
    TableName,
    KeySchema,
    AttributeDefinitions,
    // Named one by one: a template's index may carry capacity settings that on demand forbids.
    GlobalSecondaryIndexes: GlobalSecondaryIndexes?.map(onDemand),
    LocalSecondaryIndexes: LocalSecondaryIndexes?.map(onDemand),
    BillingMode: 'PAY_PER_REQUEST',
  });
  while ((await describe(answer, TableName))?.TableStatus !== 'ACTIVE') await wait(1);

  if (TimeToLive) {
    const { AttributeName } = TimeToLive;
    const TimeToLiveSpecification = { Enabled: true, AttributeName };
    await answer('UpdateTimeToLive', { TableName, TimeToLiveSpecification });
  }
}

const onDemand = ({ IndexName, KeySchema, Projection }: Index): Index => ({
  IndexName,
  KeySchema,
  Projection,
});

const Keys = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
const Described = z.object({
  Table: z.object({
    TableStatus: z.string(),
    KeySchema: Keys,
    GlobalSecondaryIndexes: z
      .array(z.object({ IndexName: z.string(), KeySchema: Keys }))
      .default([]),
  }),
});
type Described = z.output<typeof Described>['Table'];

const describe = (answer: Answer, TableName: string): Promise<Described | undefined> =>
  answer('DescribeTable', { TableName }).then(
    (described) => Described.parse(described).Table,
    (thrown: unknown) => {
      if (thrown instanceof Refusal && thrown.code === 'ResourceNotFoundException')
        return undefined;
      throw thrown;
    },
  );

// An index that is missing would only show when somebody asks for it.
function refuseUnlessSame(existing: Described, wanted: TableDefinition): void {
  if (wordsOf(existing) === wordsOf(wanted)) return;
  throw new Error(
    `The table ${wanted.TableName} is kept from an older version of the template: start with --fresh.`,
  );
}

type Keyed = Pick<TableDefinition, 'KeySchema'> & {
  readonly GlobalSecondaryIndexes?:
    | readonly { readonly IndexName: string; readonly KeySchema: KeySchema }[]
    | undefined;
};

const wordsOf = ({ KeySchema, GlobalSecondaryIndexes = [] }: Keyed): string =>
  [
    keysIn(KeySchema),
    ...GlobalSecondaryIndexes.map(
      (index) => `${index.IndexName} ${keysIn(index.KeySchema)}`,
    ).sort(),
  ].join('; ');

const keysIn = (schema: KeySchema): string =>
  schema.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).join();
