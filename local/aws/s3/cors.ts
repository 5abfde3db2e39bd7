import { S3Error } from './error.ts';
import type { Headers } from './http-request.ts';

/** An entry of a bucket's `CorsConfiguration.CorsRules` in the template. */
export type CorsRule = {
  readonly AllowedOrigins: readonly string[];
  readonly AllowedMethods: readonly string[];
  readonly AllowedHeaders?: readonly string[] | undefined;
  readonly ExposedHeaders?: readonly string[] | undefined;
  readonly MaxAge?: number | undefined;
};

type Rules = readonly CorsRule[];
type CorsRequest = {
  readonly origin: string;
  readonly method: string;
  readonly headers: readonly string[];
};

/** The headers of the response to a preflight. */
export function preflight(rules: Rules, headers: Headers): Record<string, string> {
  const origin = headers['origin'];
  const method = headers['access-control-request-method'];
  if (!origin || !method) throw new S3Error('BadRequest');

  const request = { origin, method, headers: list(headers['access-control-request-headers']) };
  const rule = rules.find((candidate) => allows(candidate, request));
  if (!rule) throw new S3Error('AccessForbidden');
  return {
    ...granted(rule, origin),
    ...(request.headers.length > 0 && {
      'access-control-allow-headers': request.headers.join(', '),
    }),
    ...(rule.MaxAge !== undefined && { 'access-control-max-age': String(rule.MaxAge) }),
  };
}

/** The headers that let a page read the response; none for an origin that is not allowed. */
export function corsHeaders(
  rules: Rules,
  method: string,
  headers: Headers,
): Record<string, string> {
  const origin = headers['origin'];
  if (!origin) return {};
  const rule = rules.find((candidate) => allows(candidate, { origin, method, headers: [] }));
  return rule ? granted(rule, origin) : {};
}

function granted(rule: CorsRule, origin: string): Record<string, string> {
  const anyone = rule.AllowedOrigins.includes('*');
  return {
    'access-control-allow-origin': anyone ? '*' : origin,
    'access-control-allow-methods': rule.AllowedMethods.join(', '),
    ...(!anyone && { 'access-control-allow-credentials': 'true' }),
    ...(rule.ExposedHeaders && { 'access-control-expose-headers': rule.ExposedHeaders.join(', ') }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

const allows = (rule: CorsRule, { origin, method, headers }: CorsRequest): boolean =>
  rule.AllowedMethods.includes(method) &&
  rule.AllowedOrigins.some((pattern) => matches(pattern, origin)) &&
  headers.every((name) =>
    rule.AllowedHeaders?.some((pattern) => matches(pattern.toLowerCase(), name)),
  );

// S3 allows one `*` in a pattern.
function matches(pattern: string, text: string): boolean {
  const [start = '', end] = pattern.split('*');
  if (end === undefined) return pattern === text;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

const list = (header = ''): string[] =>
  header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
