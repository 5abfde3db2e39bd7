import type * as z from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { Model } from '../api/list-models/response.ts';
import type { LoadedRoute } from '../api/routes.ts';
import { TestEvent } from '../domain/accounts/schemas.ts';
import { idempotencyTtlMs } from '../domain/billing/idempotency.ts';
import { hourMs } from '../domain/model/duration.ts';
import { patterns } from '../domain/model/ids.ts';
import { maxWaitSeconds } from '../domain/model/task.ts';
import { FilesProblem } from '../domain/wire/files-envelope.ts';
import { HostedFile } from '../domain/wire/hosted-file.ts';
import * as story from '../domain/wire/story-schemas.ts';
import * as tasks from '../domain/wire/task-schemas.ts';
import type { AnyRoute, Json, RouteDocs } from '../runtime/route.ts';
import { codeSamples } from './code-samples.ts';
import { headers } from './headers.ts';
import { isJson, reference, requestSchema, responseSchemas } from './json-schema.ts';
import { problemSchemas } from './problems.ts';
import {
  contentOf,
  gatewayError,
  rateLimitedBody,
  responsesOf,
  sharedResponses,
} from './responses.ts';

const description = `Edits pictures by a description in words. A call creates a task; read the task until it has ended, or give a \`callback_url\` and get a callback.

Send your API key in the header \`Authorization: Bearer sk-dr-…\`. Credits have at most three decimals, times are unix seconds. This document is exact: a field that it does not describe is not returned. A later version may add fields and codes, so ignore what you do not know.

A request that is refused gets \`{"error": {"code", "message", "type", "param"}}\`; branch on \`code\`. Only the Files API (\`/api/v1/files\`) has another error body, as published: \`{"success", "code", "msg"}\`, whose code is a number. A request that matches no route of this document gets 404 with the code \`not_found\`. A path that ends with a slash gets 308, a redirect to the path without the slash. Tasks, results, files, models, \`/healthz\` and this document also accept HEAD. The gateway in front has its own error body, \`{"message"}\`: 413 above 10 MB, 429 when the whole service, or one route, gets more requests a second than its limit, 5xx when a function could not run.`;

const tags = {
  Tasks: 'Create tasks, follow them, cancel them',
  Pictures: 'Upload pictures and fetch results',
  Files:
    'Store pictures that have a link, in the published form of the Files API: `{"success", "code", "msg", "data"}`, also for errors',
  Account: 'Your credits, and the models',
  Service: 'The service itself',
  Accounts: 'For the operator: accounts and their credits. Needs a key with the scope `admin`',
  Operation: 'For the operator: the tasks of all accounts. Needs a key with the scope `admin`',
  Keys: 'API keys: those of your own account with the scope `manage`, all keys with the scope `admin`',
  Providers: 'For the providers that make the images. The address carries a secret',
} as const satisfies Record<RouteDocs['tag'], string>;

/** The tags by their readers. Pages that show OpenAPI documents group the operations by this. */
const tagGroups: readonly { readonly name: string; readonly tags: readonly RouteDocs['tag'][] }[] =
  [
    { name: 'For callers', tags: ['Tasks', 'Pictures', 'Files', 'Account', 'Service'] },
    { name: 'For operators', tags: ['Accounts', 'Operation', 'Keys'] },
    { name: 'For providers', tags: ['Providers'] },
  ];

/** Schemas that are parts of responses, or the body of a callback. */
const sharedSchemas = {
  PendingTask: tasks.PendingTask,
  ProcessingTask: tasks.ProcessingTask,
  CompletedTask: tasks.CompletedTask,
  FailedTask: tasks.FailedTask,
  TaskError: tasks.TaskError,
  Upload: tasks.Upload,
  TaskUpload: tasks.TaskUpload,
  CompletedCallback: tasks.CompletedCallback,
  FailedCallback: tasks.FailedCallback,
  RequestedTask: story.TaskRequest,
  TaskInput: story.TaskInput,
  UrlInput: story.UrlInput,
  FileInput: story.FileInput,
  UploadInput: story.UploadInput,
  TaskKey: story.TaskKey,
  TaskEvent: story.TaskEvent,
  TaskCallback: story.TaskCallback,
  Thumbnails: story.Thumbnails,
  CallbackBody: tasks.CallbackBody,
  TestEvent,
  TaskSummary: tasks.TaskSummary,
  HostedFile,
  FilesError: FilesProblem,
  Model,
};

type DocumentedRoute = {
  readonly route: AnyRoute;
  readonly docs: RouteDocs;
  readonly response: z.ZodType | undefined;
};

/** The routes that the document describes, by their tag and then by their path. */
export function documentedRoutes(all: readonly LoadedRoute[]): readonly DocumentedRoute[] {
  const order = Object.keys(tags);
  const routes = all.flatMap(({ route, docs, response }) =>
    docs ? [{ route, docs: docs(), response }] : [],
  );
  return routes.toSorted(
    (a, b) =>
      order.indexOf(a.docs.tag) - order.indexOf(b.docs.tag) ||
      a.route.path.localeCompare(b.route.path),
  );
}

/** The whole API as OpenAPI 3.1. */
export function openApiDocument(all: readonly LoadedRoute[]): Json {
  const routes = documentedRoutes(all);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Darkroom',
      version: packageJson.version,
      summary: 'An image-to-image task API',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Where this document comes from' }],
    security: [{ apiKey: [] }],
    tags: Object.entries(tags).map(([name, text]) => ({ name, description: text })),
    'x-tagGroups': tagGroups,
    paths: paths(routes),
    components: {
      schemas: titled({
        ...bodySchemas(routes),
        ...responseSchemas({
          ...sharedSchemas,
          ...namedResponses(routes),
          ...problemSchemas,
        }),
        RateLimited: rateLimitedBody,
        GatewayError: gatewayError,
      }),
      responses: sharedResponses(routes.map(({ route }) => route)),
      headers,
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key: `sk-dr-` and 43 characters. A key of test mode is `sk-dr-test-` and 43 characters: its tasks cost play credits, never reach a model, and do what their prompt says, like `[fail: service_error]`. A key has one or more scopes: `read` (tasks, results, credits, models), `generate` (`read`, and create, upload, cancel, send callbacks again), `manage` (`read`, and the keys and the webhook secret of its account, and test events), `admin` (the operator: `manage` for every account, accounts and credits). Only `generate` spends credits',
        },
      },
    },
  };
}

/** Each schema with its name as its title: pages and generators show it when they put a schema in place of its reference. */
const titled = (schemas: Json): Json =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { title: name, ...(isJson(schema) ? schema : {}) },
    ]),
  );

const paths = (routes: readonly DocumentedRoute[]): Json =>
  Object.fromEntries(
    [...Map.groupBy(routes, ({ route }) => route.path)].map(([path, those]) => [
      path,
      Object.fromEntries(
        those.map((one) => [one.route.method.toLowerCase(), operationObject(one)]),
      ),
    ]),
  );

function operationObject({ route, docs }: DocumentedRoute): Json {
  const parameters = [
    ...pathParameters(route),
    ...queryParameters(route, docs),
    ...(route.idempotent ? [idempotencyKey] : []),
    ...(route.wait === 'offered' ? [prefer] : []),
  ];
  return {
    operationId: docs.id,
    tags: [docs.tag],
    summary: docs.summary,
    description: docs.description,
    security: typeof route.access === 'object' ? [{ apiKey: [route.access.scope] }] : [],
    ...(parameters.length > 0 && { parameters }),
    ...(docs.body && {
      requestBody: {
        required: !(route.body?.kind === 'json' && route.body.optional),
        content: contentOf(
          route.body?.kind === 'form' ? 'multipart/form-data' : 'application/json',
          reference('schemas', docs.body.name),
          docs.body.examples,
        ),
      },
    }),
    responses: responsesOf(route, docs),
    'x-codeSamples': codeSamples(route, docs),
    ...(docs.callbacks && { callbacks: docs.callbacks }),
  };
}

const pathParameters = ({ params = {} }: AnyRoute): readonly Json[] =>
  Object.entries(params).map(([name, parameter]) => ({
    name,
    in: 'path',
    required: true,
    ...parameter,
  }));

/** The properties of a query's schema, each as a parameter. */
function queryParameters({ query }: AnyRoute, docs: RouteDocs): readonly Json[] {
  if (!query || !docs.query) return [];
  const { properties, required } = requestSchema(query, docs.query);
  const requiredNames = Array.isArray(required) ? required : [];
  return Object.entries(isJson(properties) ? properties : {}).map(([name, property]) => {
    const { description: text, example, ...schema } = isJson(property) ? property : {};
    return {
      name,
      in: 'query',
      description: text,
      required: requiredNames.includes(name),
      schema,
      ...(example !== undefined && { example }),
    };
  });
}

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: `A key of your own for this request. A request that is sent again with the same key within ${idempotencyTtlMs / hourMs} hours is executed once, and gets the same response`,
  schema: { type: 'string', pattern: patterns.idempotencyKey.source },
  example: 'order-7-attempt-of-2026-03-02',
};

const prefer: Json = {
  name: 'Prefer',
  in: 'header',
  required: false,
  description: `\`wait=N\`: wait up to N seconds, from 1 to ${maxWaitSeconds}, until the task has ended (RFC 7240). The response is then 303, a redirect to an address where the request waits: let your client follow it, with the same key. Only a few requests can wait at a time. If no place is free, if uploads are missing, or if the task has ended, the response is 200 and comes at once`,
  schema: { type: 'string' },
  example: 'wait=20',
};

const bodySchemas = (routes: readonly DocumentedRoute[]): Json =>
  Object.fromEntries(
    routes.flatMap(({ route: { body }, docs }) =>
      docs.body && (body?.kind === 'json' || body?.kind === 'form')
        ? [[docs.body.name, requestSchema(body.schema, docs.body.fields)]]
        : [],
    ),
  );

const namedResponses = (routes: readonly DocumentedRoute[]): Record<string, z.ZodType> =>
  Object.fromEntries(
    routes.flatMap(({ response, docs }) =>
      response && 'name' in docs.response ? [[docs.response.name, response]] : [],
    ),
  );
