import type { Task } from '../api/api.ts';

/** The address of the first picture of a task, when it has one: an upload has no name. */
export function firstInput({ request }: Task): string | undefined {
  const [input] = request.inputs;
  return input?.type === 'url' ? input.url : undefined;
}
