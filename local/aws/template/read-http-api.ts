import * as z from 'zod';
import { accountLimits, type ThrottleSettings, type Throttling } from '../http-api/throttle.ts';
import type { Context } from './intrinsics.ts';
import { ignored, readResources } from './read-resources.ts';

export type CorsConfiguration = z.infer<typeof CorsConfiguration>;

/** `key` is a route key of API Gateway: `GET /v1/tasks/{id}`, `ANY /{proxy+}` or `$default`. */
export type RouteDefinition = {
  readonly key: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
};

export type HttpApiDefinition = {
  readonly id: string;
  readonly stageName: string;
  readonly cors: CorsConfiguration | undefined;
  readonly throttling: Throttling;
  readonly routes: readonly RouteDefinition[];
};

const texts = z.array(z.string()).default([]);

const CorsConfiguration = z.strictObject({
  AllowOrigins: texts,
  AllowMethods: texts,
  AllowHeaders: texts,
  ExposeHeaders: texts,
  AllowCredentials: z.boolean().default(false),
  MaxAge: z.number().optional(),
});

const oneApi = 'a template has one HTTP API';

/** What is read of HTTP APIs. */
export const apiSchema = {
  types: ['AWS::ApiGatewayV2::Api'],
  read: {
    ProtocolType: z.literal('HTTP', 'the local stack has HTTP APIs only'),
    CorsConfiguration: CorsConfiguration.optional(),
  },
  ignored: {
    Description: 'it is only a text',
    Name: 'it is only a label',
    Tags: 'tags change nothing',
    Version: 'it is only a label',
  },
};

// A parameter of the type Number is a text until CloudFormation puts it into a property that takes numbers.
const number = z.coerce.number<number | string>();

const RouteSettings = z
  .strictObject({
    ThrottlingRateLimit: number.default(accountLimits.rate),
    ThrottlingBurstLimit: number.default(accountLimits.burst),
    DetailedMetricsEnabled: ignored('nothing is measured here'),
  })
  .transform(
    ({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst }): ThrottleSettings => ({
      rate,
      burst,
    }),
  );

/** What is read of the stage of an HTTP API. */
export const stageSchema = {
  types: ['AWS::ApiGatewayV2::Stage'],
  read: {
    StageName: z.string(),
    DefaultRouteSettings: RouteSettings.optional(),
    RouteSettings: z.record(z.string(), RouteSettings).default({}),
  },
  ignored: {
    AccessLogSettings: 'the API writes no access log',
    ApiId: oneApi,
    AutoDeploy: 'the routes are always those of the template',
    Description: 'it is only a text',
    Tags: 'tags change nothing',
  },
};

/** What is read of integrations: the function behind a route. */
export const integrationSchema = {
  types: ['AWS::ApiGatewayV2::Integration'],
  read: {
    IntegrationType: z.literal('AWS_PROXY', 'a local route leads to a function'),
    IntegrationMethod: z.literal('POST').optional(),
    IntegrationUri: z.string(),
    ConnectionType: z.literal('INTERNET').optional(),
    PayloadFormatVersion: z.literal('2.0', 'the local stack knows payload format 2.0'),
    TimeoutInMillis: z.number().default(30_000),
  },
  ignored: {
    ApiId: oneApi,
    Description: 'it is only a text',
  },
};

/** What is read of routes. */
export const routeSchema = {
  types: ['AWS::ApiGatewayV2::Route'],
  read: {
    RouteKey: z.string(),
    Target: z.string(),
    // The local stack has no authorizers, so a route that has one must not be served without it.
    AuthorizationType: z.literal('NONE').default('NONE'),
    ApiKeyRequired: z.literal(false).optional(),
  },
  ignored: {
    ApiId: oneApi,
    OperationName: 'it is only a label',
  },
};

/**
 * The HTTP API of the template; nothing when it has none.
 * @throws {Error} when it has several, or routes of an API that is not in it
 */
export function httpApiOf(context: Context): HttpApiDefinition | undefined {
  const apis = readResources(context, apiSchema);
  const routes = routesOf(context);
  const [api, ...others] = apis;
  if (others.length > 0) {
    const ids = apis.map(({ id }) => id).join(', ');
    throw new Error(`The local stack runs one HTTP API, and the template has several: ${ids}`);
  }
  if (!api) {
    const [first] = routes;
    if (first) throw new Error(`The HTTP API of the route ${first.key} is not in the template`);
    return undefined;
  }
  const stage = stageOf(context);
  return {
    id: api.id,
    stageName: stage.StageName,
    cors: api.properties.CorsConfiguration,
    throttling: {
      default: stage.DefaultRouteSettings ?? accountLimits,
      routes: stage.RouteSettings,
    },
    routes,
  };
}

/** The routes of the template, each with its function. */
export function routesOf(context: Context): readonly RouteDefinition[] {
  const integrations = readResources(context, integrationSchema);
  const routes = readResources(context, routeSchema);
  return routes.map(({ id, properties: { RouteKey, Target } }) => {
    const integration = integrations.find((one) => Target === `integrations/${one.id}`);
    if (!integration) throw new Error(`${id}.Target: there is no ${Target}`);
    const { IntegrationUri, TimeoutInMillis } = integration.properties;
    return {
      key: RouteKey,
      functionArn: functionArnIn(IntegrationUri),
      timeoutMs: TimeoutInMillis,
    };
  });
}

function stageOf(context: Context) {
  const stages = readResources(context, stageSchema);
  const [stage, ...others] = stages;
  if (!stage) throw new Error('The HTTP API has no stage');
  if (others.length === 0) return stage.properties;
  const ids = stages.map(({ id }) => id).join(', ');
  throw new Error(`The local stack runs one stage, and the HTTP API has several: ${ids}`);
}

// Either the function's ARN, or the older invocation URI that contains the ARN.
const functionArnIn = (uri: string) => /functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
