import { setTimeout } from 'node:timers/promises';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

// A whole task by a typed client. Its types are generated from docs/openapi.json into the folder that this is copied to.

type Task = components['schemas']['Task'];

const [baseUrl = '', key = '', picture = ''] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } });

async function create(): Promise<string> {
  const { data, error } = await client.POST('/v1/images/generations', {
    params: { header: { 'Idempotency-Key': 'typed client, order 1' } },
    body: { prompt: 'Make it snow', image_urls: [picture], size: '768x768', metadata: { a: 'b' } },
  });
  if (!data) throw new Error(JSON.stringify(error));
  return data.id;
}

async function read(task_id: string): Promise<Task> {
  const { data, error } = await client.GET('/v1/tasks/{task_id}', {
    params: { path: { task_id } },
  });
  if (data) return data;
  // Each status has its own errors, so what is left has a code or is the gateway's.
  throw new Error('error' in error ? error.error.code : error.message);
}

async function ended(id: string): Promise<Task> {
  for (;;) {
    const task = await read(id);
    if (task.status === 'completed' || task.status === 'failed') return task;
    await setTimeout(100);
  }
}

/** The status says which fields there are, and the compiler knows it. */
function describe(task: Task): object {
  switch (task.status) {
    case 'completed':
      // @ts-expect-error: a completed task has no error.
      void task.error;
      return { status: task.status, results: task.results, credits: task.usage.credits_used };
    case 'failed':
      return { status: task.status, code: task.error.code };
    default:
      return { status: task.status, credits: task.usage.credits_reserved };
  }
}

const id = await create();
const task = await ended(id);
const { data: list } = await client.GET('/v1/tasks', { params: { query: { limit: 1 } } });
const { data: account } = await client.GET('/v1/credits');
const report = {
  ...describe(task),
  listed: list?.data.map((summary) => summary.id === id && summary.result_count),
  success: account?.success,
};
process.stdout.write(JSON.stringify(report));
