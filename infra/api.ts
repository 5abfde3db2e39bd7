import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnParameter, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ApiFunction } from '../functions/runtime/env.ts';
import { type AnyRoute, defaultPath, methodsOf, routeKey } from '../functions/runtime/route.ts';
import type { ApiFunctions } from './api-functions.ts';
import type { Lambda } from './lambda.ts';
import { vendedLogsName } from './log-groups.ts';
import type { Stage } from './stage.ts';

/** The HTTP API. Its URL exists before its routes, because the functions of the routes need the URL. */
export class Api extends Construct {
  readonly http: HttpApi;

  private readonly stage: CfnStage;

  constructor(scope: Construct, id: string, { browserOrigins, throttle, logDays }: Stage) {
    super(scope, id);
    const parameter = (name: string, description: string, value: number, max: number) =>
      // A child of the stack, so that the parameter's name has no prefix.
      new CfnParameter(scope, name, {
        type: 'Number',
        description,
        default: value,
        minValue: 1,
        maxValue: max,
      }).valueAsNumber;
    this.http = new HttpApi(this, 'Http', {
      createDefaultStage: false,
      ...(browserOrigins.length > 0 && { corsPreflight: corsFor(browserOrigins) }),
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.http,
      stageName: '$default',
      autoDeploy: true,
      throttle: {
        rateLimit: parameter(
          'RequestsPerSecond',
          'Requests a second of all callers together',
          throttle.rate,
          accountQuota.rate,
        ),
        burstLimit: parameter(
          'RequestBurst',
          'How many requests may come at once beyond RequestsPerSecond',
          throttle.burst,
          accountQuota.burst,
        ),
      },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLogs', {
            logGroupName: vendedLogsName('apis'),
            retention: logDays,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: accessLog,
      },
    });
    this.stage = stage.node.defaultChild as CfnStage; // what an HttpStage makes
  }

  /** Adds every declared route, and for each function one integration that its routes share. */
  addRoutes(routes: readonly AnyRoute[], functions: ApiFunctions): void {
    const integrations = new Map<ApiFunction, HttpLambdaIntegration>();
    const routeSettings: Record<string, object> = {};
    const entries = routes.flatMap((route) =>
      methodsOf(route).map((method) => ({ ...route, method })),
    );
    for (const { method, path, function: name, throttle } of entries) {
      const integration = integrations.get(name) ?? integrationOf(functions[`api/${name}`]);
      integrations.set(name, integration);
      const route = new HttpRoute(this, path === defaultPath ? 'Default' : `${method} ${path}`, {
        httpApi: this.http,
        routeKey:
          path === defaultPath ? HttpRouteKey.DEFAULT : HttpRouteKey.with(path, HttpMethod[method]),
        integration,
      });
      if (throttle) {
        routeSettings[routeKey({ method, path })] = {
          ThrottlingRateLimit: throttle.requestsPerSecond,
          ThrottlingBurstLimit: throttle.burst,
        };
        // API Gateway refuses settings of a route that does not exist yet.
        this.stage.node.addDependency(route);
      }
    }
    this.stage.routeSettings = routeSettings;
  }
}

/** What API Gateway allows an account in a region, unless AWS raises it. */
const accountQuota = { rate: 10_000, burst: 5000 };

// The permission is for all routes of this API: one that names a route would leave out the others.
const integrationOf = (handler: Lambda) =>
  new HttpLambdaIntegration(`${handler.node.id}Integration`, handler, {
    scopePermissionToRoute: false,
  });

const corsFor = (origins: readonly string[]) => ({
  allowOrigins: [...origins],
  allowMethods: [
    CorsHttpMethod.GET,
    CorsHttpMethod.HEAD,
    CorsHttpMethod.POST,
    CorsHttpMethod.PATCH,
    CorsHttpMethod.DELETE,
  ],
  allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
  exposeHeaders: [
    'idempotency-replayed',
    'x-request-id',
    'retry-after',
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
  ],
  maxAge: Duration.hours(1),
});

// The query string is left out: in a link to a result it holds the signature.
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
