import type { IncomingHttpHeaders } from 'node:http';
import type { CorsConfiguration } from '../template/read-http-api.ts';

type Headers = Readonly<Record<string, string>>;

/** Whether this is a CORS preflight; such a request never reaches a function. */
export const isPreflight = (method: string | undefined, headers: IncomingHttpHeaders) =>
  method === 'OPTIONS' && Boolean(headers.origin && headers['access-control-request-method']);

/** The response headers of a preflight; none for an origin that is not allowed. */
export function preflightHeaders(cors: CorsConfiguration, origin: string | undefined): Headers {
  const allowed = originHeaders(cors, origin);
  if (!allowed) return {};
  return {
    ...allowed,
    ...listed('access-control-allow-methods', cors.AllowMethods),
    ...listed('access-control-allow-headers', cors.AllowHeaders),
    ...(cors.MaxAge !== undefined && { 'access-control-max-age': String(cors.MaxAge) }),
  };
}

/** The CORS headers on the response of a function. */
export function responseHeaders(cors: CorsConfiguration, origin: string | undefined): Headers {
  const allowed = originHeaders(cors, origin);
  return allowed
    ? { ...allowed, ...listed('access-control-expose-headers', cors.ExposeHeaders) }
    : {};
}

function originHeaders(cors: CorsConfiguration, origin: string | undefined): Headers | undefined {
  if (origin === undefined) return undefined;
  const allowed = cors.AllowOrigins.find((one) => matches(one, origin));
  if (allowed === undefined) return undefined;
  return {
    'access-control-allow-origin': allowed === '*' ? '*' : origin,
    ...(allowed !== '*' && { vary: 'Origin' }),
    ...(cors.AllowCredentials && { 'access-control-allow-credentials': 'true' }),
  };
}

// `https://*` allows every origin of that scheme.
const matches = (allowed: string, origin: string) =>
  allowed === '*' ||
  allowed === origin ||
  (allowed.endsWith('://*') && origin.startsWith(allowed.slice(0, -1)));

const listed = (name: string, values: readonly string[]): Headers =>
  values.length > 0 ? { [name]: values.join(',') } : {};
