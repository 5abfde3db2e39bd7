import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Entry } from '../functions/runtime/env.ts';
import { allow } from './allow.ts';
import { Lambda } from './lambda.ts';
import { type Parts as AllParts, allowCallers, callers, memoryMb } from './route-parts.ts';

type Parts = Pick<AllParts, 'stage' | 'tables'>;

/** A route and the function behind it. */
export type Route = {
  readonly method: HttpMethod;
  readonly path: string;
  readonly handler: IFunction;
};

type Plain = Exclude<Extract<Entry, `api/admin/${string}`>, 'api/admin/credit-account'>;
type Rights = readonly `dynamodb:${string}`[];

const { GET, POST, PATCH, DELETE } = HttpMethod;
const accounts = '/v1/admin/accounts';
const account = `${accounts}/{account}`;
const keys = '/v1/admin/keys';
const key = `${keys}/{key_id}`;

/** The operator's routes, one function each, with exactly what it uses. */
export class AdminFunctions extends Construct {
  readonly routes: readonly Route[];

  constructor(scope: Construct, id: string, parts: Parts) {
    super(scope, id);
    this.routes = [
      ...[...accountRoutes(this, parts), creditRoute(this, parts)],
      ...keyRoutes(this, parts),
    ];
  }
}

function accountRoutes(scope: Construct, parts: Parts): readonly Route[] {
  const { tableArn } = parts.tables.accounts;
  const make = (id: string, entry: Plain, rights: Rights = [], on = tableArn) => {
    const handler = plain(scope, id, entry, parts);
    if (rights.length > 0) allow(handler, on, ...rights);
    return handler;
  };
  const list = make('ListAccounts', 'api/admin/list-accounts', ['dynamodb:BatchGetItem']);
  allow(list, `${tableArn}/index/listed`, 'dynamodb:Query');
  const create = make('CreateAccount', 'api/admin/create-account', ['dynamodb:PutItem']);
  const change = make('ChangeAccount', 'api/admin/change-account', ['dynamodb:UpdateItem']);
  const entries = make('ListEntries', 'api/admin/list-entries', ['dynamodb:Query']);
  const rotate = make('RotateSecret', 'api/admin/rotate-secret', ['dynamodb:UpdateItem']);
  return [
    { method: POST, path: accounts, handler: create },
    { method: GET, path: accounts, handler: list },
    { method: GET, path: account, handler: make('GetAccount', 'api/admin/get-account') },
    { method: PATCH, path: account, handler: change },
    { method: GET, path: `${account}/entries`, handler: entries },
    { method: POST, path: `${account}/webhook-secret`, handler: rotate },
  ];
}

function creditRoute(scope: Construct, { stage, tables }: Parts): Route {
  const handler = new Lambda(scope, 'CreditAccount', {
    entry: 'api/admin/credit-account',
    environment: { ...callers(tables), IDEMPOTENCY_TABLE: tables.idempotency.tableName },
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(handler, tables);
  allow(handler, tables.accounts.tableArn, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
  allow(handler, tables.idempotency.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  return { method: POST, path: `${account}/credits`, handler };
}

function keyRoutes(scope: Construct, parts: Parts): readonly Route[] {
  const { tables } = parts;
  const make = (id: string, entry: Plain, rights: Rights = []) => {
    const handler = plain(scope, id, entry, parts);
    if (rights.length > 0) allow(handler, tables.keys.tableArn, ...rights);
    return handler;
  };
  // Those that show a key say when it was last used.
  const shows = (handler: Lambda<Plain>) => {
    allow(handler, tables.activity.tableArn, 'dynamodb:BatchGetItem');
    return handler;
  };
  const list = shows(make('ListKeys', 'api/admin/list-keys', ['dynamodb:BatchGetItem']));
  allow(list, `${tables.keys.tableArn}/index/byAccount`, 'dynamodb:Query');
  const create = make('CreateKey', 'api/admin/create-key', ['dynamodb:PutItem']);
  const change = shows(make('ChangeKey', 'api/admin/change-key', ['dynamodb:UpdateItem']));
  const remove = make('DeleteKey', 'api/admin/delete-key', ['dynamodb:UpdateItem']);
  return [
    { method: POST, path: keys, handler: create },
    { method: GET, path: keys, handler: list },
    { method: GET, path: key, handler: shows(make('GetKey', 'api/admin/get-key')) },
    { method: PATCH, path: key, handler: change },
    { method: DELETE, path: key, handler: remove },
  ];
}

function plain(scope: Construct, id: string, entry: Plain, { stage, tables }: Parts) {
  const lambda: Lambda<Plain> = new Lambda(scope, id, {
    entry,
    environment: callers(tables),
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  return lambda;
}
