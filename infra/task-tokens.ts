import type { Grant } from './bindings.ts';

/**
 * Lets a function end a wait with the task token of it. AWS's service authorization reference lists no resource type
 * for these actions: only `*` is documented to allow them. What narrows them is the token, which cannot be guessed
 * and which only the record of the task holds.
 */
export const endWait = (action: 'states:SendTaskFailure' | 'states:SendTaskSuccess'): Grant => ({
  actions: [action],
  resources: ['*'],
});

/** Lets a function say with a task token that it is still at work. The resource is that of `endWait`. */
export const keepWaiting: Grant = { actions: ['states:SendTaskHeartbeat'], resources: ['*'] };
