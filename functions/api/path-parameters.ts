import { patterns } from '../domain/model/ids.ts';
import type { PathParameter } from '../runtime/route.ts';
import * as ids from './example-ids.ts';

// The path parameters that several routes have.

export const taskId: PathParameter = {
  description: 'The id of a task',
  schema: { type: 'string', pattern: patterns.taskId.source },
  example: ids.taskId,
};

export const account: PathParameter = {
  description: 'The name of an account',
  schema: { type: 'string', pattern: patterns.account.source },
  example: ids.account,
};

export const keyId: PathParameter = {
  description: 'The id of an API key, which is not the key itself',
  schema: { type: 'string', pattern: patterns.keyId.source },
  example: ids.keyId,
};
