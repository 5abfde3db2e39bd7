import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import document from '../../docs/openapi.json' with { type: 'json' };
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

describe.each(stageNames)('the API of %s', (name) => {
  test('has these routes, and a function of ours answers whatever matches none of them', () => {
    expect(routesOf(synthesised(name))).toEqual({
      'POST /v1/images/generations': 'CreateTask',
      'GET /v1/tasks/{task_id}': 'GetTask',
      'GET /v1/tasks': 'ListTasks',
      'POST /v1/tasks/batch': 'BatchTasks',
      'POST /v1/tasks/{task_id}/cancel': 'CancelTask',
      'POST /v1/tasks/{task_id}/callback': 'RedeliverCallback',
      'POST /v1/files': 'CreateFile',
      'GET /v1/credits': 'GetCredits',
      'GET /v1/models': 'ListModels',
      'GET /v1/results/{task}/{n}': 'GetResult',
      'POST /v1/providers/{provider}/callbacks/{job}/{secret}': 'ProviderCallback',
      'GET /openapi.json': 'Openapi',
      'GET /healthz': 'Health',
      'POST /v1/admin/accounts': 'CreateAccount',
      'GET /v1/admin/accounts': 'ListAccounts',
      'GET /v1/admin/accounts/{account}': 'GetAccount',
      'PATCH /v1/admin/accounts/{account}': 'ChangeAccount',
      'POST /v1/admin/accounts/{account}/credits': 'CreditAccount',
      'GET /v1/admin/accounts/{account}/entries': 'ListEntries',
      'POST /v1/admin/accounts/{account}/webhook-secret': 'RotateSecret',
      'POST /v1/admin/keys': 'CreateKey',
      'GET /v1/admin/keys': 'ListKeys',
      'GET /v1/admin/keys/{key_id}': 'GetKey',
      'PATCH /v1/admin/keys/{key_id}': 'ChangeKey',
      'DELETE /v1/admin/keys/{key_id}': 'DeleteKey',
      $default: 'NotFound',
    });
  });

  test('has each of them in the document, and the document has no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = Object.keys(routesOf(synthesised(name))).filter((key) => key !== '$default');

    expect(described.sort()).toEqual(routes.sort());
  });

  test('hands every call on in the one form that our functions read', () => {
    const integrations = ofType(synthesised(name), 'AWS::ApiGatewayV2::Integration');
    for (const { Properties } of integrations) {
      expect(Properties).toMatchObject({
        IntegrationType: 'AWS_PROXY',
        PayloadFormatVersion: '2.0',
      });
    }
    expect(integrations).toHaveLength(26);
  });

  test('is throttled as the stage says', () => {
    const { rate, burst } = stages[name].throttle;

    expect(onlyOne(name, 'AWS::ApiGatewayV2::Stage')).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst },
    });
  });

  test('logs every call as JSON, and no query: links carry their signature there', () => {
    const { AccessLogSettings } = z
      .object({ AccessLogSettings: z.object({ Format: z.string(), DestinationArn: z.unknown() }) })
      .parse(onlyOne(name, 'AWS::ApiGatewayV2::Stage'));
    const said = z.record(z.string(), z.string()).parse(JSON.parse(AccessLogSettings.Format));

    expect(readable(AccessLogSettings.DestinationArn, synthesised(name).nameOf)).toBe('AccessLogs');
    expect(Object.values(said).sort()).toEqual([
      '$context.identity.sourceIp',
      '$context.requestId',
      '$context.responseLatency',
      '$context.responseLength',
      '$context.routeKey',
      '$context.status',
    ]);
  });
});

test('pages of other origins may call the API only where their origins are named', () => {
  const cors = (name: StageName) => onlyOne(name, 'AWS::ApiGatewayV2::Api')?.['CorsConfiguration'];

  expect(cors('dev')).toBeUndefined();
  expect(cors('prod')).toBeUndefined();
  expect(cors('local')).toEqual({
    AllowOrigins: ['*'],
    AllowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
    AllowHeaders: ['authorization', 'content-type', 'idempotency-key'],
    ExposeHeaders: [
      ...['idempotency-replayed', 'x-request-id', 'retry-after'],
      ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
    ],
    MaxAge: 3600,
  });
});
