import {
  AttributeType,
  Billing,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });
const number = (name: string) => ({ name, type: AttributeType.NUMBER });

/** What is remembered: tasks, accounts with their ledger, keys and what they do, and requests that may be repeated. */
export class Tables extends Construct {
  readonly tasks: TableV2;
  readonly accounts: TableV2;
  readonly keys: TableV2;
  readonly activity: TableV2;
  readonly idempotency: TableV2;

  constructor(scope: Construct, id: string, { keepData }: Stage) {
    super(scope, id);
    const common = {
      billing: Billing.onDemand(),
      encryption: keepData ? TableEncryptionV2.awsManagedKey() : TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: keepData },
      deletionProtection: keepData,
      removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    };
    this.tasks = new TableV2(this, 'Tasks', {
      ...common,
      partitionKey: text('id'),
      globalSecondaryIndexes: [
        {
          // Sparse: only a task that somebody has to look at again has a due time.
          indexName: 'due',
          partitionKey: number('dueShard'),
          sortKey: number('dueAt'),
          projectionType: ProjectionType.KEYS_ONLY,
        },
        {
          indexName: 'byAccount',
          partitionKey: text('account'),
          sortKey: number('createdAt'),
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: [
            ...['model', 'status', 'submittedAt', 'expectedSeconds'],
            ...['finishedAt', 'images', 'charged'],
          ],
        },
      ],
    });
    this.accounts = new TableV2(this, 'Accounts', { ...common, ...accounts });
    this.keys = new TableV2(this, 'Keys', {
      ...common,
      partitionKey: text('keyId'),
      globalSecondaryIndexes: [
        {
          // Which keys there are, alone, so that what is spent through them writes nothing here.
          indexName: 'byAccount',
          partitionKey: text('account'),
          sortKey: number('createdAt'),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    // Apart from the keys, so that counting requests never meets the transactions that move money.
    this.activity = new TableV2(this, 'Activity', { ...common, partitionKey: text('keyId') });
    this.idempotency = new TableV2(this, 'Idempotency', {
      ...common,
      partitionKey: text('id'),
      timeToLiveAttribute: 'expiresAt',
    });
  }
}

const accounts = {
  partitionKey: text('account'),
  sortKey: text('entry'),
  globalSecondaryIndexes: [
    {
      // Sparse: of an account only its own row is listed. Its name alone, so that money which moves
      // writes nothing here.
      indexName: 'listed',
      partitionKey: text('listed'),
      sortKey: text('account'),
      projectionType: ProjectionType.KEYS_ONLY,
    },
  ],
};
