import type { Need } from '../rights/statement.ts';
import { tableArn } from '../template/physical.ts';
import { isJson, type Json } from './json.ts';

// The deeds of a transaction have the rights of their own operations; it has none itself.
const inTransaction: Readonly<Record<string, string>> = {
  ConditionCheck: 'ConditionCheckItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
};

/** What a request must be allowed to do. What it fails to say is for the operation to refuse. */
export function needsOf(operation: string, input: Json): readonly Need[] {
  if (operation.startsWith('Transact')) return listed(input['TransactItems']).flatMap(deedsOf);
  if (operation.startsWith('Batch')) {
    return Object.keys(fieldsOf(input['RequestItems'])).map((table) => need(operation, table));
  }
  if (operation === 'ListTables') return [{ action: 'dynamodb:ListTables', resource: '*' }];
  const { TableName: table, IndexName: index } = input;
  if (typeof table !== 'string') return [];
  const isIndexed = ['Query', 'Scan'].includes(operation) && typeof index === 'string';
  return [need(operation, isIndexed ? `${table}/index/${index}` : table)];
}

const deedsOf = (item: unknown): readonly Need[] =>
  Object.entries(fieldsOf(item)).flatMap(([kind, deed]) => {
    const { TableName: table } = fieldsOf(deed);
    return typeof table === 'string' ? [need(inTransaction[kind] ?? kind, table)] : [];
  });

const need = (operation: string, table: string): Need => ({
  action: `dynamodb:${operation}`,
  resource: tableArn(table),
});

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fieldsOf = (value: unknown): Json => (isJson(value) ? value : {});
