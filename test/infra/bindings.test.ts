import { expectTypeOf, test } from 'vitest';
import type { Entry } from '../../functions/runtime/env.ts';
import type { Binding, EnvironmentOf } from '../../infra/bindings.ts';
import type { Buckets } from '../../infra/buckets.ts';
import type { FunctionTable, Lambda } from '../../infra/lambda.ts';
import type { Secrets } from '../../infra/secrets.ts';
import type { Tables } from '../../infra/tables.ts';
import type { Workflow } from '../../infra/workflow.ts';

// `tsc` checks these tests: each wrong use has to be a type error.

type Environment = EnvironmentOf<'api/create-task'>;

test('a variable that names a resource takes a binding to that kind of resource, and no plain text', () => {
  expectTypeOf<Environment['TASK_TABLE']>().toEqualTypeOf<Binding<'table'>>();
  expectTypeOf<Environment['INPUT_BUCKET']>().toEqualTypeOf<Binding<'bucket'>>();
  expectTypeOf<Environment['WORKFLOW_ARN']>().toEqualTypeOf<Binding<'state machine'>>();
  expectTypeOf<EnvironmentOf<'workflow/submit-task'>['PROVIDER_SECRET']>().toEqualTypeOf<
    Binding<'secret'>
  >();
  expectTypeOf<EnvironmentOf<'events/reconcile'>['NOTIFY_FUNCTION']>().toEqualTypeOf<
    Binding<'function'>
  >();
  expectTypeOf<string>().not.toExtend<Environment['TASK_TABLE']>();
  expectTypeOf<Binding<'bucket'>>().not.toExtend<Environment['TASK_TABLE']>();
});

test('a plain setting takes a text, and no binding', () => {
  expectTypeOf<Environment['PUBLIC_URL']>().toEqualTypeOf<string>();
  expectTypeOf<Environment['ALLOW_LOOPBACK']>().toEqualTypeOf<'allowed' | undefined>();
  expectTypeOf<Binding<'table'>>().not.toExtend<Environment['PUBLIC_URL']>();
});

test('a resource hands out its name only together with a permission', () => {
  expectTypeOf<Tables['tasks']['allow']>().returns.toEqualTypeOf<Binding<'table'>>();
  expectTypeOf<[]>().not.toExtend<Parameters<Tables['tasks']['allow']>>();
  expectTypeOf<[]>().not.toExtend<Parameters<Buckets['inputs']['allow']>>();
  expectTypeOf<[]>().not.toExtend<Parameters<Secrets['signing']['allow']>>();
  expectTypeOf<[]>().not.toExtend<Parameters<Workflow['allow']>>();
  expectTypeOf<[]>().not.toExtend<Parameters<Lambda['allow']>>();
  expectTypeOf<[]>().not.toExtend<Binding['grants']>();
});

test('a table allows only the indexes it has, and an index can only be queried', () => {
  type Access = Parameters<Tables['tasks']['allow']>[0];

  expectTypeOf<{ index: 'nextCheck'; actions: ['dynamodb:Query'] }>().toExtend<Access>();
  expectTypeOf<{ index: 'listed'; actions: ['dynamodb:Query'] }>().not.toExtend<Access>();
  expectTypeOf<{ index: 'nextCheck'; actions: ['dynamodb:GetItem'] }>().not.toExtend<Access>();
  expectTypeOf<'dynamodb:BatchWriteItem'>().not.toExtend<Access>();
  expectTypeOf<'dynamodb:Scan'>().not.toExtend<Access>();
});

test('a table of functions has a row for each of its entries', () => {
  type Row<E extends Entry> = FunctionTable<E>[E];

  expectTypeOf<{ 'api/service': Row<'api/service'> }>().not.toExtend<
    FunctionTable<'api/service' | 'api/get-task'>
  >();
});
