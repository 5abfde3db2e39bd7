import * as z from 'zod';
import type { Context } from './intrinsics.ts';
import { readResources } from './read-resources.ts';

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
  readonly routes: readonly RouteDefinition[];
};

const texts = z.array(z.string()).default([]);

const CorsConfiguration = z.object({
  AllowOrigins: texts,
  AllowMethods: texts,
  AllowHeaders: texts,
  ExposeHeaders: texts,
  AllowCredentials: z.boolean().default(false),
  MaxAge: z.number().optional(),
});

/** The one HTTP API of the template. */
export function httpApiOf(context: Context): HttpApiDefinition {
  const apis = readResources(context, ['AWS::ApiGatewayV2::Api'], {
    ProtocolType: z.literal('HTTP'),
    CorsConfiguration: CorsConfiguration.optional(),
  });
  const [api, ...others] = apis;
  if (!api || others.length > 0)
    throw new Error(`The template has ${apis.length} HTTP APIs, not one`);
  return {
    id: api.id,
    stageName: stageNameOf(context),
    cors: api.properties.CorsConfiguration,
    routes: routesOf(context),
  };
}

/** The routes of the template, each with the function behind it. */
export function routesOf(context: Context): readonly RouteDefinition[] {
  const integrations = readResources(context, ['AWS::ApiGatewayV2::Integration'], {
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
    TimeoutInMillis: z.number().default(30_000),
  });
  const routes = readResources(context, ['AWS::ApiGatewayV2::Route'], {
    RouteKey: z.string(),
    Target: z.string(),
    // The laptop has no authorizers: a route that counts on one must not stand open.
    AuthorizationType: z.literal('NONE').default('NONE'),
  });
  return routes.map(({ id, properties: { RouteKey, Target } }) => {
    const integration = integrations.find((one) => Target === `integrations/${one.id}`);
    if (!integration) throw new Error(`${id}.Target: there is no ${Target}`);
    const { IntegrationUri, TimeoutInMillis } = integration.properties;
    return {
      key: RouteKey,
      functionArn: functionBehind(IntegrationUri),
      timeoutMs: TimeoutInMillis,
    };
  });
}

function stageNameOf(context: Context): string {
  const names = readResources(context, ['AWS::ApiGatewayV2::Stage'], { StageName: z.string() }).map(
    ({ properties }) => properties.StageName,
  );
  const [only] = names;
  if (names.includes('$default')) return '$default';
  if (only !== undefined && names.length === 1) return only;
  throw new Error(`The HTTP API has ${names.length} stages, and none is $default`);
}

// Either the function's ARN, or the older address with the ARN inside.
const functionBehind = (uri: string) => /functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
