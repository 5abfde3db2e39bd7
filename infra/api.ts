import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  ApiMapping,
  type CfnStage,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { requestHeaders, responseHeaders } from '../functions/domain/model/http-headers.ts';
import { metricNames, metricNamespace } from '../functions/domain/model/metric-names.ts';
import type { ApiFunction } from '../functions/runtime/env.ts';
import { type AnyRoute, defaultPath, methodsOf, routeKey } from '../functions/runtime/route.ts';
import type { ApiFunctions } from './api-functions.ts';
import { vendedLogsName } from './log-groups.ts';
import { addOutput } from './output.ts';
import { numberParameter, type ParameterName } from './parameter.ts';
import type { Stage } from './stage.ts';

/** The HTTP API. Its URL exists before its routes, because the functions of the routes need the URL. */
export class Api extends Construct {
  readonly http: HttpApi;
  /** The address that callers, links and providers use: the domain of the settings, or API Gateway's own. */
  readonly publicUrl: string;
  /** API Gateway's own address, when callers have a domain. It keeps working. */
  readonly formerUrl: string | undefined;
  /** How many requests a second the API lets in, for all callers together. */
  readonly requestsPerSecond: number;

  private readonly stage: CfnStage;
  private readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, settings: Stage) {
    super(scope, id);
    const { browserOrigins, throttle, logDays } = settings;
    const parameter = (name: ParameterName, description: string, value: number, max: number) =>
      numberParameter(scope, settings, name, {
        description,
        default: value,
        minValue: 1,
        maxValue: max,
      });
    this.http = new HttpApi(this, 'Http', {
      createDefaultStage: false,
      ...(browserOrigins.length > 0 && { corsPreflight: corsFor(browserOrigins) }),
    });
    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: vendedLogsName('apis'),
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.requestsPerSecond = parameter(
      'RequestsPerSecond',
      'Requests a second of all callers together',
      throttle.rate,
      accountQuota.rate,
    );
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.http,
      stageName: '$default',
      autoDeploy: true,
      throttle: {
        rateLimit: this.requestsPerSecond,
        burstLimit: parameter(
          'RequestBurst',
          'How many requests may come at once beyond RequestsPerSecond',
          throttle.burst,
          accountQuota.burst,
        ),
      },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: accessLog,
      },
    });
    this.stage = stage.node.defaultChild as CfnStage; // what an HttpStage makes
    const { domain } = settings;
    this.publicUrl = domain ? `https://${domain.name}` : this.http.apiEndpoint;
    this.formerUrl = domain && this.http.apiEndpoint;
    if (domain) addDomain(this, { api: this.http, stage, domain });
  }

  /** Adds every declared route, and for each function one integration that its routes share. */
  addRoutes(
    routes: readonly AnyRoute[],
    functions: Readonly<Record<keyof ApiFunctions, IFunction>>,
  ): void {
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
    const slow = entries.filter(({ slowBecause }) => slowBecause !== undefined).map(routeKey);
    responseTimeFilter(this, this.accessLogs, slow);
  }
}

type WithDomain = {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly domain: NonNullable<Stage['domain']>;
};

/** Serves the API under a domain. The owner of the domain points it to the output `DomainTarget`. */
function addDomain(scope: Api, { api, stage, domain }: WithDomain): void {
  const domainName = new DomainName(scope, 'Domain', {
    domainName: domain.name,
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', domain.certificate),
  });
  new ApiMapping(scope, 'DomainMapping', { api, domainName, stage });
  addOutput(scope, 'DomainTarget', {
    description: `The target of the CNAME record for ${domain.name}`,
    value: domainName.regionalDomainName,
  });
}

/** What API Gateway allows an account in a region, unless AWS raises it. */
const accountQuota = { rate: 10_000, burst: 5000 };

// The permission is for all routes of this API: one that names a route would leave out the others.
const integrationOf = (handler: IFunction) =>
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
  allowHeaders: Object.values(requestHeaders),
  exposeHeaders: Object.values(responseHeaders),
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
    service: Aws.STACK_NAME,
    // A number without quotes, because the metric is made from it.
  }).replace('"$context.responseLatency"', '$context.responseLatency'),
);

/**
 * The response times of all requests but those that are slow on purpose, from the access log: the API's own metric
 * `Latency` cannot leave a route out.
 */
function responseTimeFilter(scope: Construct, logGroup: LogGroup, slow: readonly string[]) {
  new MetricFilter(scope, 'ResponseTimes', {
    logGroup,
    metricNamespace,
    metricName: metricNames.responseMs,
    metricValue: '$.ms',
    dimensions: { service: '$.service' },
    filterPattern: FilterPattern.all(
      FilterPattern.numberValue('$.ms', '>=', 0),
      ...slow.map((key) => FilterPattern.stringValue('$.route', '!=', withoutParameters(key))),
    ),
  });
}

/**
 * A route key as a pattern of CloudWatch Logs. Braces have another meaning there, so a `*` replaces everything up to the
 * end of the last parameter.
 */
const withoutParameters = (key: string): string => key.replace(/^.*\}/, '*');
