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

/** Creates the table and waits until it is there. One that exists stays as it is. */
export async function ensureTable(answer: Answer, definition: TableDefinition): Promise<void> {
  const { TableName, TimeToLive, ...shape } = definition;
  if ((await statusOf(answer, TableName)) !== 'ABSENT') return;

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
  while ((await statusOf(answer, TableName)) !== 'ACTIVE') await wait(1);

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

const Described = z.object({ Table: z.object({ TableStatus: z.string() }) });

const statusOf = (answer: Answer, TableName: string): Promise<string> =>
  answer('DescribeTable', { TableName }).then(
    (described) => Described.parse(described).Table.TableStatus,
    (thrown: unknown) => {
      if (thrown instanceof Refusal && thrown.code === 'ResourceNotFoundException') return 'ABSENT';
      throw thrown;
    },
  );
