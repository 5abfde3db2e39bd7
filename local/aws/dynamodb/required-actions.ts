import type { RequiredAction } from '../iam/evaluate-policy.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { tableArn } from '../template/physical-names.ts';

// Each action of a transaction needs the permission of its own operation; the transaction has none.
const inTransaction: Readonly<Record<string, string>> = {
  ConditionCheck: 'ConditionCheckItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
};

/** The IAM actions that a request needs. A request without a table is rejected by its operation. */
export function requiredActions(operation: string, input: JsonObject): readonly RequiredAction[] {
  if (operation.startsWith('Transact')) return listed(input['TransactItems']).flatMap(actionsOf);
  if (operation.startsWith('Batch')) {
    return Object.keys(fieldsOf(input['RequestItems'])).map((table) => required(operation, table));
  }
  if (operation === 'ListTables') return [{ action: 'dynamodb:ListTables', resource: '*' }];
  const { TableName: table, IndexName: index } = input;
  if (typeof table !== 'string') return [];
  const isIndexed = ['Query', 'Scan'].includes(operation) && typeof index === 'string';
  return [required(operation, isIndexed ? `${table}/index/${index}` : table)];
}

const actionsOf = (item: unknown): readonly RequiredAction[] =>
  Object.entries(fieldsOf(item)).flatMap(([kind, action]) => {
    const { TableName: table } = fieldsOf(action);
    return typeof table === 'string' ? [required(inTransaction[kind] ?? kind, table)] : [];
  });

const required = (operation: string, table: string): RequiredAction => ({
  action: `dynamodb:${operation}`,
  resource: tableArn(table),
});

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fieldsOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});
