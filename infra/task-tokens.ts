import type { Grant } from './bindings.ts';

/**
 * Lets a function end a wait with its task token. AWS's service authorization reference lists no resource type for these
 * actions: only `*` is documented to allow them. The limit is the token itself: it cannot be guessed, and only the record
 * of the task holds it.
 */
export const endWait = (action: 'states:SendTaskFailure' | 'states:SendTaskSuccess'): Grant => ({
  actions: [action],
  resources: ['*'],
});

/**
 * Lets a function report with a task token that it is still at work. The resource is `*` for the reason given at
 * `endWait`.
 */
export const keepWaiting: Grant = { actions: ['states:SendTaskHeartbeat'], resources: ['*'] };
