import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import document from '../../docs/openapi.json' with { type: 'json' };
import { loadRoutes } from '../../functions/api/routes.ts';
import { routeKey } from '../../functions/runtime/route.ts';
import { type StageName, stages } from '../../infra/stage.ts';
import { readable } from './readable.ts';
import { ofType, type Synthesised, stageNames, synthesised } from './synthesised.ts';

const Route = z.object({
  RouteKey: z.string(),
  Target: z.unknown(),
  AuthorizationType: z.string(),
});

const routesOf = (stage: Synthesised) =>
  Object.fromEntries(
    ofType(stage, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => {
      const { RouteKey, Target } = Route.parse(Properties);
      const integration = readable(Target, (id) => id).replace('integrations/', '');
      const { IntegrationUri } = stage.template.Resources[integration]?.Properties ?? {};
      return [RouteKey, readable(IntegrationUri, stage.nameOf)];
    }),
  );

const onlyOne = (stage: StageName, type: string) => {
  const [found, ...more] = ofType(synthesised(stage), type);
  expect(more).toEqual([]);
  return found?.Properties;
};

/** The routes of a page and its files, which are not part of the API. */
const consoleRoutes = [
  'GET /',
  'GET /console',
  'GET /console/{file+}',
  'GET /docs',
  'GET /docs/{page}',
];

// The OpenAPI document is made from the same declarations, so it cannot show that one of them is wrong.
test('every route lets in exactly these callers', async () => {
  const routes = await loadRoutes();
  const accessOf = Object.fromEntries(
    routes.map(({ route: { access, ...route } }) => [
      routeKey(route),
      typeof access === 'string' ? access : `scope ${access.scope}`,
    ]),
  );

  expect(accessOf).toEqual({
    'POST /v1/images/generations': 'scope generate',
    'GET /v1/tasks/{task_id}': 'scope read',
    'GET /v1/tasks/{task_id}/wait': 'scope read',
    'DELETE /v1/tasks/{task_id}': 'scope generate',
    'GET /v1/tasks': 'scope read',
    'POST /v1/tasks/batch': 'scope read',
    'POST /v1/tasks/{task_id}/cancel': 'scope generate',
    'POST /v1/tasks/{task_id}/callback': 'scope generate',
    'POST /v1/files': 'scope generate',
    'GET /v1/files/{file_id}': 'scope read',
    'POST /api/v1/files/upload/base64': 'scope generate',
    'POST /api/v1/files/upload/stream': 'scope generate',
    'POST /api/v1/files/upload/url': 'scope generate',
    'GET /api/v1/files/list': 'scope read',
    'GET /api/v1/files/quota': 'scope read',
    'DELETE /api/v1/files/{file_id}': 'scope generate',
    'GET /api/v1/files/content/{file}': 'signed-link',
    'GET /api/v1/files/download/{file}': 'signed-link',
    'GET /v1/credits': 'scope read',
    'GET /v1/webhooks/deliveries': 'scope read',
    'GET /v1/usage': 'scope read',
    'GET /v1/admin/usage': 'scope admin',
    'POST /v1/tasks/callbacks': 'scope generate',
    'POST /v1/admin/accounts/{account}/callbacks': 'scope admin',
    'GET /v1/admin/tasks': 'scope admin',
    'GET /v1/admin/tasks/{task_id}': 'scope admin',
    'POST /v1/admin/tasks/{task_id}/cancel': 'scope admin',
    'POST /v1/admin/tasks/{task_id}/callback': 'scope admin',
    'POST /v1/admin/tasks/{task_id}/check': 'scope admin',
    'GET /v1/models': 'scope read',
    'GET /v1/models/{model}': 'scope read',
    'GET /v1/results/{task}/{n}': 'signed-link',
    'POST /v1/providers/{provider}/callbacks/{job}/{secret}': 'provider-secret',
    'GET /openapi.json': 'public',
    'GET /healthz': 'public',
    'GET /': 'public',
    'GET /console': 'public',
    'GET /console/{file+}': 'public',
    'GET /docs': 'public',
    'GET /docs/{page}': 'public',
    'POST /v1/admin/accounts': 'scope admin',
    'GET /v1/admin/accounts': 'scope admin',
    'GET /v1/admin/accounts/{account}': 'scope admin',
    'PATCH /v1/admin/accounts/{account}': 'scope admin',
    'POST /v1/admin/accounts/{account}/credits': 'scope admin',
    'GET /v1/admin/accounts/{account}/entries': 'scope admin',
    'GET /v1/admin/audit': 'scope admin',
    'GET /v1/admin/providers': 'scope admin',
    'POST /v1/admin/providers/{provider}/try': 'scope admin',
    'POST /v1/admin/accounts/{account}/webhook-secret': 'scope manage',
    'POST /v1/webhooks/test': 'scope manage',
    'POST /v1/console/sessions': 'public',
    'POST /v1/admin/keys': 'scope manage',
    'GET /v1/admin/keys': 'scope manage',
    'GET /v1/admin/keys/{key_id}': 'scope manage',
    'PATCH /v1/admin/keys/{key_id}': 'scope manage',
    'DELETE /v1/admin/keys/{key_id}': 'scope manage',
    $default: 'public',
  });
});

test('some routes also answer HEAD, and each of them is a GET route', async () => {
  const withHead = (await loadRoutes()).filter(({ route }) => route.head);

  expect(withHead).not.toEqual([]);
  expect(withHead.filter(({ route }) => route.method !== 'GET')).toEqual([]);
});

test('only a route with a key counts requests, since the rate limit is that of the key', async () => {
  const limited = (await loadRoutes()).filter(({ route }) => route.rateLimit !== undefined);

  expect(limited).not.toEqual([]);
  expect(limited.filter(({ route }) => typeof route.access === 'string')).toEqual([]);
});

test('every route that a key without the scope admin may call counts against a limit of that key', async () => {
  const open = (await loadRoutes()).filter(
    ({ route: { access } }) => typeof access === 'object' && access.scope !== 'admin',
  );

  expect(open.length).toBeGreaterThan(15);
  expect(
    open.filter(({ route }) => route.rateLimit === undefined).map(({ route }) => route.path),
  ).toEqual([]);
});

describe.each(stageNames)('the API of %s', (name) => {
  test('has these routes, and one function answers every request that matches none of them', () => {
    expect(routesOf(synthesised(name))).toEqual({
      'POST /v1/images/generations': 'CreateTask',
      'GET /v1/tasks/{task_id}': 'GetTask',
      'GET /v1/tasks/{task_id}/wait': 'WaitForTask',
      'DELETE /v1/tasks/{task_id}': 'DeleteTask',
      'GET /v1/tasks': 'ListTasks',
      'POST /v1/tasks/batch': 'BatchTasks',
      'POST /v1/tasks/{task_id}/cancel': 'CancelTask',
      'POST /v1/tasks/{task_id}/callback': 'RedeliverCallback',
      'POST /v1/files': 'CreateFile',
      'GET /v1/files/{file_id}': 'GetFile',
      'HEAD /v1/files/{file_id}': 'GetFile',
      'HEAD /v1/tasks': 'ListTasks',
      'HEAD /v1/tasks/{task_id}': 'GetTask',
      'HEAD /v1/models': 'ReadAccount',
      'HEAD /v1/models/{model}': 'ReadAccount',
      'HEAD /v1/results/{task}/{n}': 'GetResult',
      'HEAD /openapi.json': 'Service',
      'HEAD /healthz': 'Service',
      'HEAD /': 'Console',
      'HEAD /console': 'Console',
      'HEAD /console/{file+}': 'Console',
      'HEAD /docs': 'Console',
      'HEAD /docs/{page}': 'Console',
      'POST /api/v1/files/upload/base64': 'UploadFile',
      'POST /api/v1/files/upload/stream': 'UploadFile',
      'POST /api/v1/files/upload/url': 'UploadFile',
      'GET /api/v1/files/list': 'ListFiles',
      'GET /api/v1/files/quota': 'ListFiles',
      'DELETE /api/v1/files/{file_id}': 'DeleteFile',
      'GET /api/v1/files/content/{file}': 'OpenFileLink',
      'HEAD /api/v1/files/content/{file}': 'OpenFileLink',
      'HEAD /api/v1/files/download/{file}': 'OpenFileLink',
      'GET /api/v1/files/download/{file}': 'OpenFileLink',
      'GET /v1/credits': 'ReadAccount',
      'GET /v1/usage': 'ReadAccount',
      'GET /v1/webhooks/deliveries': 'ListTasks',
      'GET /v1/admin/usage': 'AdminReads',
      'GET /v1/admin/audit': 'AdminReads',
      'GET /v1/admin/providers': 'ListProviders',
      'POST /v1/admin/providers/{provider}/try': 'ListProviders',
      'POST /v1/tasks/callbacks': 'RedeliverCallback',
      'POST /v1/admin/accounts/{account}/callbacks': 'RedeliverCallback',
      'GET /v1/admin/tasks': 'AdminReads',
      'GET /v1/admin/tasks/{task_id}': 'AdminReads',
      'POST /v1/admin/tasks/{task_id}/cancel': 'CancelTask',
      'POST /v1/admin/tasks/{task_id}/callback': 'RedeliverCallback',
      'POST /v1/admin/tasks/{task_id}/check': 'CancelTask',
      'GET /v1/models': 'ReadAccount',
      'GET /v1/models/{model}': 'ReadAccount',
      'GET /v1/results/{task}/{n}': 'GetResult',
      'POST /v1/providers/{provider}/callbacks/{job}/{secret}': 'ProviderWebhook',
      'GET /openapi.json': 'Service',
      'GET /healthz': 'Service',
      'GET /': 'Console',
      'GET /console': 'Console',
      'GET /console/{file+}': 'Console',
      'GET /docs': 'Console',
      'GET /docs/{page}': 'Console',
      'POST /v1/admin/accounts': 'ManageAccounts',
      'GET /v1/admin/accounts': 'AdminReads',
      'GET /v1/admin/accounts/{account}': 'AdminReads',
      'PATCH /v1/admin/accounts/{account}': 'ManageAccounts',
      'POST /v1/admin/accounts/{account}/credits': 'CreditAccount',
      'GET /v1/admin/accounts/{account}/entries': 'AdminReads',
      'POST /v1/admin/accounts/{account}/webhook-secret': 'ManageAccounts',
      'POST /v1/webhooks/test': 'TestWebhook',
      'POST /v1/console/sessions': 'ManageKeys',
      'POST /v1/admin/keys': 'ManageKeys',
      'GET /v1/admin/keys': 'AdminReads',
      'GET /v1/admin/keys/{key_id}': 'AdminReads',
      'PATCH /v1/admin/keys/{key_id}': 'ManageKeys',
      'DELETE /v1/admin/keys/{key_id}': 'ManageKeys',
      $default: 'Service',
    });
  });

  test('has a reason for every function that serves several routes, and for no other', () => {
    const stage = synthesised(name);
    // HEAD is the same route as GET.
    const routes = Object.entries(routesOf(stage)).filter(([key]) => !key.startsWith('HEAD '));
    const byFunction = Object.groupBy(routes, ([, serving]) => serving);
    const shared = Object.keys(byFunction).filter((key) => (byFunction[key]?.length ?? 0) > 1);

    expect(shared).not.toEqual([]);
    // `sharedBecause` in the row of the function (infra/api-functions.ts).
    expect([...stage.sharedBecause.keys()].sort()).toEqual(shared.sort());
    for (const reason of stage.sharedBecause.values()) expect(reason.length).toBeGreaterThan(15);
  });

  test('has the routes that the OpenAPI document describes, those of the console, and no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = Object.keys(routesOf(synthesised(name))).filter(
      (key) => !['$default', ...consoleRoutes].includes(key) && !key.startsWith('HEAD '),
    );

    expect(described.sort()).toEqual(routes.sort());
  });

  test('passes every request to its function in payload format 2.0', () => {
    const integrations = ofType(synthesised(name), 'AWS::ApiGatewayV2::Integration');
    for (const { Properties } of integrations) {
      expect(Properties).toMatchObject({
        IntegrationType: 'AWS_PROXY',
        PayloadFormatVersion: '2.0',
      });
    }
    // One integration for each function.
    expect(integrations).toHaveLength(25);
  });

  test('is throttled as the stage says', () => {
    const { rate, burst } = stages[name].throttle;
    const { RequestsPerSecond, RequestBurst } = synthesised(name).template.Parameters;

    expect(onlyOne(name, 'AWS::ApiGatewayV2::Stage')).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: {
        ThrottlingRateLimit: { Ref: 'RequestsPerSecond' },
        ThrottlingBurstLimit: { Ref: 'RequestBurst' },
      },
    });
    expect(RequestsPerSecond).toMatchObject({ Type: 'Number', Default: rate, MinValue: 1 });
    expect(RequestBurst).toMatchObject({ Type: 'Number', Default: burst, MinValue: 1 });
    expect(rate).toBeGreaterThanOrEqual(200);
  });

  test('keeps room for the webhooks of providers and the links to pictures, whatever callers do', () => {
    const settings = { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 };
    const forPages = { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 60 };
    const stage = ofType(synthesised(name), 'AWS::ApiGatewayV2::Stage')[0];

    expect(stage?.Properties['RouteSettings']).toEqual({
      ...Object.fromEntries(
        consoleRoutes.flatMap((key) => [
          [key, forPages],
          [key.replace('GET', 'HEAD'), forPages],
        ]),
      ),
      'GET /api/v1/files/content/{file}': settings,
      'GET /api/v1/files/download/{file}': settings,
      'HEAD /api/v1/files/content/{file}': settings,
      'HEAD /api/v1/files/download/{file}': settings,
      'GET /v1/results/{task}/{n}': settings,
      'HEAD /v1/results/{task}/{n}': settings,
      'POST /v1/providers/{provider}/callbacks/{job}/{secret}': settings,
      'POST /v1/console/sessions': { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    });
    // API Gateway refuses settings of routes that do not exist yet.
    const before = [stage?.['DependsOn']].flat().map((id) => synthesised(name).nameOf(`${id}`));
    const routes = ofType(synthesised(name), 'AWS::ApiGatewayV2::Route')
      .filter(
        ({ Properties }) =>
          String(Properties['RouteKey']) in Object(stage?.Properties['RouteSettings']),
      )
      .map((route) => route.name);
    expect(routes).toHaveLength(18);
    expect(before).toEqual(expect.arrayContaining(routes));
  });

  test('logs every request as JSON without its query string, where links have their signature', () => {
    const { AccessLogSettings } = z
      .object({ AccessLogSettings: z.object({ Format: z.unknown(), DestinationArn: z.unknown() }) })
      .parse(onlyOne(name, 'AWS::ApiGatewayV2::Stage'));
    const line = readable(AccessLogSettings.Format, (id) => id);
    // API Gateway fills the latency in as a number, which needs no quotes.
    const json = line.replace(':$context.responseLatency,', ':"$context.responseLatency",');
    const fields = z.record(z.string(), z.string()).parse(JSON.parse(json));

    expect(readable(AccessLogSettings.DestinationArn, synthesised(name).nameOf)).toBe('AccessLogs');
    expect(Object.values(fields).sort()).toEqual([
      '$context.identity.sourceIp',
      '$context.requestId',
      '$context.responseLatency',
      '$context.responseLength',
      '$context.routeKey',
      '$context.status',
      'AWS::StackName',
    ]);
  });

  test('makes the response times of the alarm from its log, without the routes that are slow on purpose', async () => {
    const slow = (await loadRoutes()).filter(({ route }) => route.slowBecause !== undefined);
    const filter = onlyOne(name, 'AWS::Logs::MetricFilter');

    expect(slow.map(({ route }) => routeKey(route)).sort()).toEqual([
      'GET /v1/tasks/{task_id}/wait',
      'POST /api/v1/files/upload/url',
      'POST /v1/admin/providers/{provider}/try',
      'POST /v1/webhooks/test',
    ]);
    expect(readable(filter?.['LogGroupName'], synthesised(name).nameOf)).toBe('AccessLogs');
    expect(filter).toMatchObject({
      MetricTransformations: [
        {
          MetricNamespace: 'Darkroom',
          MetricName: 'ResponseMs',
          MetricValue: '$.ms',
          Dimensions: [{ Key: 'service', Value: '$.service' }],
        },
      ],
    });
    const [, ...left] = String(filter?.['FilterPattern']).split(' && ');
    const patterns = left.map((one) => /^\(\$\.route != "(.+)"\)( })?$/.exec(one)?.[1] ?? one);
    const leftOut = Object.keys(routesOf(synthesised(name))).filter((key) =>
      patterns.some((pattern) =>
        pattern.startsWith('*') ? key.endsWith(pattern.slice(1)) : key === pattern,
      ),
    );
    expect(leftOut.sort()).toEqual(slow.map(({ route }) => routeKey(route)).sort());
    // A brace ends a pattern of CloudWatch Logs.
    expect(patterns.join()).not.toMatch(/[{}]/);
  });
});

test('web pages may call the API only from the origins that the stage names', () => {
  const cors = (name: StageName) => onlyOne(name, 'AWS::ApiGatewayV2::Api')?.['CorsConfiguration'];

  expect(cors('dev')).toBeUndefined();
  expect(cors('prod')).toBeUndefined();
  expect(cors('local')).toEqual({
    AllowOrigins: ['*'],
    AllowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    AllowHeaders: ['authorization', 'content-type', 'idempotency-key', 'prefer'],
    ExposeHeaders: [
      'idempotency-replayed',
      'preference-applied',
      'x-request-id',
      'retry-after',
      'x-ratelimit-limit',
      'x-ratelimit-remaining',
      'x-ratelimit-reset',
    ],
    MaxAge: 3600,
  });
});
