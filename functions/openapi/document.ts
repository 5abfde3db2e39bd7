import { adminAnswers } from './admin-answers.ts';
import { adminBodies } from './admin-requests.ts';
import { callerAnswers } from './caller-answers.ts';
import { headers } from './headers.ts';
import { answerSchemas, type Json } from './json-schema.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';
import { idempotencyKey, pathParameters, queryParameters } from './parameters.ts';
import { problemSchemas } from './problems.ts';
import { jsonContent, responsesOf, sharedResponses } from './responses.ts';
import { taskAnswers } from './task-answers.ts';
import { taskBodies } from './task-requests.ts';

const description = `Edits pictures by a description in words. A call creates a task; read the task until it has ended, or give a \`callback_url\` and be told.

Send your API key in the header \`Authorization: Bearer sk-dr-…\`. Credits have at most three decimals, times are unix seconds. This document is exact: a field that it does not describe is not answered. A later version may add fields and codes, so ignore what you do not know.

Whatever is refused answers \`{"error": {"code", "message", "type", "param"}}\`; branch on \`code\`. What is no route of this document answers 404 with the code \`not_found\`. The gateway in front has words of its own, \`{"message"}\`: 413 above 10 MB, 429 when the whole service is above its limit, 5xx when a function could not run.`;

const tags = {
  Tasks: 'Create tasks, follow them, cancel them',
  Pictures: 'Upload pictures and fetch results',
  Account: 'What you have, and what there is to have',
  Service: 'The service itself',
  Accounts: 'For the operator: accounts and their credits. Needs a key with the scope `admin`',
  Keys: 'For the operator: API keys. Needs a key with the scope `admin`',
} as const satisfies Record<Operation['tag'], string>;

/** The whole API as OpenAPI 3.1. */
export const openApiDocument = (): Json => ({
  openapi: '3.1.1',
  info: {
    ...{ title: 'Darkroom', version: '1.0.0', summary: 'An image-to-image task API', description },
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/', description: 'Where this document comes from' }],
  tags: Object.entries(tags).map(([name, text]) => ({ name, description: text })),
  paths: paths(),
  components: {
    schemas: {
      ...{ ...taskBodies, ...adminBodies },
      ...answerSchemas({ ...taskAnswers, ...callerAnswers, ...adminAnswers, ...problemSchemas }),
    },
    responses: sharedResponses(operations),
    headers,
    securitySchemes: {
      apiKey: {
        ...{ type: 'http', scheme: 'bearer' },
        description:
          'An API key, `sk-dr-` and 43 characters. It has the scope `generate`, or `admin`, or both',
      },
    },
  },
});

function paths(): Json {
  const parts = Object.entries(operations).map(([key, operation]) => {
    const [method = '', path = ''] = key.split(' ');
    return { method: method.toLowerCase(), path, operation: operationObject(path, operation) };
  });
  return Object.fromEntries(
    [...Map.groupBy(parts, ({ path }) => path)].map(([path, those]) => [
      path,
      Object.fromEntries(those.map(({ method, operation }) => [method, operation])),
    ]),
  );
}

function operationObject(path: string, operation: Operation): Json {
  const { id, tag, summary, description, scope, query, body, repeatable, callbacks } = operation;
  const parameters = [
    ...[...pathParameters(path), ...queryParameters(query)],
    ...(repeatable ? [idempotencyKey] : []),
  ];
  return {
    ...{ operationId: id, tags: [tag], summary, description },
    security: scope ? [{ apiKey: [scope] }] : [],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: !body.optional,
        content: jsonContent({ $ref: `#/components/schemas/${body.schema}` }, body.examples),
      },
    }),
    responses: responsesOf(operation),
    ...(callbacks && { callbacks }),
  };
}
