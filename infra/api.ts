import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Route } from './admin-functions.ts';
import type { ApiFunctions } from './api-functions.ts';
import type { Stage } from './stage.ts';

/** The front door. Its address exists before its routes, so that functions can be told it. */
export class Api extends Construct {
  readonly http: HttpApi;

  constructor(scope: Construct, id: string, { browserOrigins, throttle, logDays }: Stage) {
    super(scope, id);
    this.http = new HttpApi(this, 'Http', {
      createDefaultStage: false,
      ...(browserOrigins.length > 0 && { corsPreflight: corsFor(browserOrigins) }),
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.http,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLogs', {
            retention: logDays,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: accessLog,
      },
    });
  }

  /** Every route, a line each; the last one answers whatever matches none of them. */
  addRoutes(functions: ApiFunctions, admin: readonly Route[]): void {
    const { GET, POST } = HttpMethod;
    this.add(POST, '/v1/images/generations', functions.createTask);
    this.add(GET, '/v1/tasks/{task_id}', functions.getTask);
    this.add(GET, '/v1/tasks', functions.listTasks);
    this.add(POST, '/v1/tasks/batch', functions.batchTasks);
    this.add(POST, '/v1/tasks/{task_id}/cancel', functions.cancelTask);
    this.add(POST, '/v1/tasks/{task_id}/callback', functions.redeliverCallback);
    this.add(POST, '/v1/files', functions.createFile);
    this.add(GET, '/v1/credits', functions.getCredits);
    this.add(GET, '/v1/models', functions.listModels);
    this.add(GET, '/v1/results/{task}/{n}', functions.getResult);
    const callbacks = '/v1/providers/{provider}/callbacks/{task}/{secret}';
    this.add(POST, callbacks, functions.providerCallback);
    this.add(GET, '/openapi.json', functions.openApi);
    this.add(GET, '/healthz', functions.health);
    for (const { method, path, handler } of admin) this.add(method, path, handler);
    const integration = integrationOf(functions.notFound);
    new HttpRoute(this, 'Default', {
      httpApi: this.http,
      routeKey: HttpRouteKey.DEFAULT,
      integration,
    });
  }

  private add(method: HttpMethod, path: string, handler: IFunction): void {
    this.http.addRoutes({ path, methods: [method], integration: integrationOf(handler) });
  }
}

const integrationOf = (handler: IFunction) =>
  new HttpLambdaIntegration(`${handler.node.id}Integration`, handler);

const corsFor = (origins: readonly string[]) => ({
  allowOrigins: [...origins],
  allowMethods: [
    CorsHttpMethod.GET,
    CorsHttpMethod.POST,
    CorsHttpMethod.PATCH,
    CorsHttpMethod.DELETE,
  ],
  allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
  exposeHeaders: [
    ...['idempotency-replayed', 'x-request-id', 'retry-after'],
    ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
  ],
  maxAge: Duration.hours(1),
});

// No query: the links to results carry their signature there.
const accessLog = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    route: '$context.routeKey',
    status: AccessLogField.contextStatus(),
    bytes: AccessLogField.contextResponseLength(),
    ms: '$context.responseLatency',
    ip: AccessLogField.contextIdentitySourceIp(),
  }),
);
