import {
  AttributeType,
  Billing,
  ProjectionType,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  expiryAttributes,
  indexKeys,
  indexNames,
  type TableName,
  tableKeys,
} from '../functions/domain/model/storage-names.ts';
import type { Binding, Grant, NonEmpty } from './bindings.ts';
import type { Stage } from './stage.ts';

// No action reads a whole table. Tasks, idempotency records, files, audit entries and the daily rows of keys expire by
// their time to live. Functions delete only the request and the callback attempts of a deleted task, and rows of the
// queue that are done.
type TableAction =
  `dynamodb:${'BatchGetItem' | 'ConditionCheckItem' | 'DeleteItem' | 'GetItem' | 'PutItem' | 'Query' | 'UpdateItem'}`;
type IndexAccess<Index> = {
  readonly index: Index;
  readonly actions: NonEmpty<'dynamodb:Query'>;
};

type TableProps = TablePropsV2 & {
  /** The name of a table that was restored in the place of this one. */
  readonly restoredAs?: string | undefined;
};

/**
 * A table that functions get by name and permission at once. When another table was restored in its place, the table of
 * the stack stays as it is: it has what was written after the moment of the restore.
 */
export class Table<Index extends string = never> extends TableV2 {
  /** The table that functions use, and that alarms are about: this one, or the restored one. */
  readonly inUse: { readonly name: string; readonly arn: string };

  constructor(scope: Construct, id: TableName, { restoredAs, ...props }: TableProps) {
    super(scope, id, props);
    this.inUse =
      restoredAs === undefined
        ? { name: this.tableName, arn: this.tableArn }
        : { name: restoredAs, arn: arnOf(restoredAs, Stack.of(this)) };
  }

  /** The name of the table in use, with these actions on the table or on one of its indexes. */
  allow(...access: NonEmpty<TableAction | IndexAccess<Index>>): Binding<'table'> {
    const [first, ...others] = access;
    return {
      kind: 'table',
      value: this.inUse.name,
      grants: [this.grantOf(first), ...others.map((one) => this.grantOf(one))],
    };
  }

  private grantOf(access: TableAction | IndexAccess<Index>): Grant {
    const { arn } = this.inUse;
    if (typeof access === 'string') return { actions: [access], resources: [arn] };
    const { index, actions } = access;
    return { actions, resources: [`${arn}/index/${index}`] };
  }
}

const arnOf = (name: string, stack: Stack): string =>
  stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: name });

const text = (name: string) => ({ name, type: AttributeType.STRING });
const number = (name: string) => ({ name, type: AttributeType.NUMBER });

/**
 * The tables: tasks, accounts with their ledgers, API keys and their activity, idempotency records, hosted files, the
 * queue, and the audit entries.
 */
export class Tables extends Construct {
  readonly tasks: Table<
    | typeof indexNames.nextCheck
    | typeof indexNames.tasksByAccount
    | typeof indexNames.tasksByDay
    | typeof indexNames.undeliveredCallbacks
  >;
  readonly accounts: Table<typeof indexNames.accountsByName>;
  readonly keys: Table<typeof indexNames.keysByAccount>;
  readonly activity: Table;
  readonly idempotency: Table;
  readonly files: Table;
  readonly queue: Table;
  readonly audit: Table;

  constructor(scope: Construct, id: string, { keepData, restoredTables }: Stage) {
    super(scope, id);
    const common = {
      billing: Billing.onDemand(),
      encryption: keepData ? TableEncryptionV2.awsManagedKey() : TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: keepData },
      deletionProtection: keepData,
      // Not RETAIN_ON_UPDATE_OR_DELETE: a first deployment that fails would try to delete protected tables, and
      // get stuck.
      removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    };
    this.tasks = new Table(this, 'Tasks', {
      ...common,
      restoredAs: restoredTables?.Tasks,
      partitionKey: text(tableKeys.Tasks.partition),
      // The parts of a task: its request, its state, and the attempts to deliver the callback. Only the state is in
      // indexes.
      sortKey: text(tableKeys.Tasks.sort),
      timeToLiveAttribute: expiryAttributes.Tasks,
      globalSecondaryIndexes: [
        {
          // Sparse: only a task that the reconciler has to check has these attributes.
          indexName: indexNames.nextCheck,
          partitionKey: number(indexKeys.nextCheck.partition),
          sortKey: number(indexKeys.nextCheck.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
        {
          // Sparse: a deleted task does not have these attributes. They never change, and nothing else is in the
          // index, so that a task is written to it once.
          indexName: indexNames.tasksByAccount,
          partitionKey: text(indexKeys.tasksByAccount.partition),
          sortKey: text(indexKeys.tasksByAccount.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
        {
          // For the operator. These attributes never change either.
          indexName: indexNames.tasksByDay,
          partitionKey: text(indexKeys.tasksByDay.partition),
          sortKey: text(indexKeys.tasksByDay.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
        {
          // Sparse: only a task whose callback was given up has these attributes.
          indexName: indexNames.undeliveredCallbacks,
          partitionKey: text(indexKeys.undeliveredCallbacks.partition),
          sortKey: text(indexKeys.undeliveredCallbacks.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    this.accounts = new Table(this, 'Accounts', {
      ...common,
      restoredAs: restoredTables?.Accounts,
      partitionKey: text(tableKeys.Accounts.partition),
      sortKey: text(tableKeys.Accounts.sort),
      globalSecondaryIndexes: [
        {
          // Sparse: only the account's own row has `listed`. Its shards and entries do not, so that a change of the
          // balance does not write to the index.
          indexName: indexNames.accountsByName,
          partitionKey: text(indexKeys.accountsByName.partition),
          sortKey: text(indexKeys.accountsByName.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    this.keys = new Table(this, 'Keys', {
      ...common,
      restoredAs: restoredTables?.Keys,
      partitionKey: text(tableKeys.Keys.partition),
      // What was spent on a day is kept for a week.
      timeToLiveAttribute: expiryAttributes.Keys,
      globalSecondaryIndexes: [
        {
          // Sparse: only a key's own row has `account`, and what is spent through it lies in other rows.
          indexName: indexNames.keysByAccount,
          partitionKey: text(indexKeys.keysByAccount.partition),
          sortKey: number(indexKeys.keysByAccount.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    // Not in the table of the keys, so that counting requests never conflicts with the transactions
    // that move credits.
    this.activity = new Table(this, 'Activity', {
      ...common,
      restoredAs: restoredTables?.Activity,
      partitionKey: text(tableKeys.Activity.partition),
    });
    this.idempotency = new Table(this, 'Idempotency', {
      ...common,
      restoredAs: restoredTables?.Idempotency,
      partitionKey: text(tableKeys.Idempotency.partition),
      timeToLiveAttribute: expiryAttributes.Idempotency,
    });
    // Files by their id, and the slots of each account by their number.
    this.files = new Table(this, 'Files', {
      ...common,
      restoredAs: restoredTables?.Files,
      partitionKey: text(tableKeys.Files.partition),
      sortKey: text(tableKeys.Files.sort),
      timeToLiveAttribute: expiryAttributes.Files,
    });
    // The slots of the providers, and the tasks that wait for them. They have a table of their own, so that none of these
    // rows gets into a transaction: while one runs, DynamoDB refuses plain writes to its rows.
    this.queue = new Table(this, 'Queue', {
      ...common,
      restoredAs: restoredTables?.Queue,
      partitionKey: text(tableKeys.Queue.partition),
      sortKey: text(tableKeys.Queue.sort),
    });
    // No function may delete an entry or update a part of it: of the writes, functions have only `PutItem`.
    this.audit = new Table(this, 'Audit', {
      ...common,
      restoredAs: restoredTables?.Audit,
      partitionKey: text(tableKeys.Audit.partition),
      sortKey: text(tableKeys.Audit.sort),
      timeToLiveAttribute: expiryAttributes.Audit,
    });
  }

  /** The names of the tables in use. */
  get namesInUse(): Readonly<Record<TableName, string>> {
    return {
      Tasks: this.tasks.inUse.name,
      Accounts: this.accounts.inUse.name,
      Keys: this.keys.inUse.name,
      Activity: this.activity.inUse.name,
      Idempotency: this.idempotency.inUse.name,
      Files: this.files.inUse.name,
      Queue: this.queue.inUse.name,
      Audit: this.audit.inUse.name,
    };
  }
}
