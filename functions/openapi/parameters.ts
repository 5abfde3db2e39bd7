import { patterns } from './fields.ts';
import { isJson, type Json } from './json-schema.ts';
import * as samples from './samples.ts';

const text = (pattern: RegExp) => ({ type: 'string', pattern: pattern.source });

const inPath: Readonly<Record<string, Json>> = {
  task_id: {
    description: 'The id of a task',
    ...{ schema: text(patterns.taskId), example: samples.taskId },
  },
  account: {
    description: 'The name of an account',
    ...{ schema: text(patterns.account), example: samples.account },
  },
  key_id: {
    description: 'The id of an API key, which is not the key itself',
    ...{ schema: text(patterns.keyId), example: samples.keyId },
  },
  task: {
    description: 'The id of the task',
    ...{ schema: text(patterns.taskId), example: samples.taskId },
  },
  provider: {
    description: 'Who says it',
    ...{ schema: { type: 'string' }, example: 'evolink' },
  },
  secret: {
    description: 'That the address was made by this API',
    ...{ schema: { type: 'string' }, example: 'kWq1u3pYc0v8YzQyT5b1rN2m4o6s8uAcEgIkMoQsUwY' },
  },
  n: {
    description: 'Which of its images, counted from 1',
    ...{ schema: { type: 'integer', minimum: 1 }, example: 1 },
  },
};

/** The parameters of a path like `/v1/tasks/{task_id}`. */
export const pathParameters = (path: string): readonly Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const parameter = inPath[name];
    if (!parameter) throw new Error(`nothing describes {${name}}`);
    return { name, in: 'path', required: true, ...parameter };
  });

/** The properties of a query's schema, each as a parameter. */
export function queryParameters({ properties, required }: Json = {}): readonly Json[] {
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(isJson(properties) ? properties : {}).map(([name, property]) => {
    const { description, ...schema } = isJson(property) ? property : {};
    return { name, in: 'query', description, required: needed.includes(name), schema };
  });
}

export const idempotencyKey: Json = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  description:
    'A word of your own for this request. Sent again with the same one within 24 hours, it is done once, and answered again',
  schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{16,96}$' },
  example: 'order-7-attempt-of-2026-03-02',
};
