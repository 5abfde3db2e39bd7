import { Problem } from '../../functions/task/problem.ts';

/** Who is told to come again does, like a workflow and a caller who reads Retry-After. */
export async function patiently<T>(deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'service_unavailable') throw error;
    return patiently(deed);
  }
}
