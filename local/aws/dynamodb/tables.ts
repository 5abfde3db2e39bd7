import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { AwsError } from '../aws-error.ts';
import type { RunOperation } from './operations.ts';

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
 * Creates the table and waits until it is active. An existing table stays as it is.
 * @throws {Error} when the existing table has other keys or indexes: it comes from an older template
 */
export async function ensureTable(run: RunOperation, definition: TableDefinition): Promise<void> {
  const { TableName, TimeToLive, ...shape } = definition;
  const existing = await describe(run, TableName);
  if (existing) return requireSameShape(existing, definition);

  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes } = shape;
  await run('CreateTable', {
    TableName,
    KeySchema,
    AttributeDefinitions,
    // Rebuilt: an index of a template may have capacity settings, which on-demand tables forbid.
    GlobalSecondaryIndexes: GlobalSecondaryIndexes?.map(onDemand),
    LocalSecondaryIndexes: LocalSecondaryIndexes?.map(onDemand),
    BillingMode: 'PAY_PER_REQUEST',
  });
  while ((await describe(run, TableName))?.TableStatus !== 'ACTIVE') await wait(1);

  if (TimeToLive) {
    const { AttributeName } = TimeToLive;
    const TimeToLiveSpecification = { Enabled: true, AttributeName };
    await run('UpdateTimeToLive', { TableName, TimeToLiveSpecification });
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

const describe = (run: RunOperation, TableName: string): Promise<Described | undefined> =>
  run('DescribeTable', { TableName }).then(
    (described) => Described.parse(described).Table,
    (thrown: unknown) => {
      if (thrown instanceof AwsError && thrown.code === 'ResourceNotFoundException')
        return undefined;
      throw thrown;
    },
  );

// Without this check a missing index would only be noticed by the first query on it.
function requireSameShape(existing: Described, wanted: TableDefinition): void {
  if (shapeOf(existing) === shapeOf(wanted)) return;
  throw new Error(
    `The table ${wanted.TableName} comes from an older version of the template: start with --fresh.`,
  );
}

type Shape = Pick<TableDefinition, 'KeySchema'> & {
  readonly GlobalSecondaryIndexes?:
    | readonly { readonly IndexName: string; readonly KeySchema: KeySchema }[]
    | undefined;
};

const shapeOf = ({ KeySchema, GlobalSecondaryIndexes = [] }: Shape): string =>
  [
    keysIn(KeySchema),
    ...GlobalSecondaryIndexes.map(
      (index) => `${index.IndexName} ${keysIn(index.KeySchema)}`,
    ).sort(),
  ].join('; ');

const keysIn = (schema: KeySchema): string =>
  schema.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).join();
