import { accountOperations } from './account-operations.ts';
import { callerOperations } from './caller-operations.ts';
import { keyOperations } from './key-operations.ts';
import type { Operations } from './operation.ts';
import { taskOperations } from './task-operations.ts';

/** Every route of the API. */
export const operations: Operations = {
  ...taskOperations,
  ...callerOperations,
  ...accountOperations,
  ...keyOperations,
};
