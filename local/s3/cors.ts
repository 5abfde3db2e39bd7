import type { Headers } from './call.ts';
import { Fault } from './fault.ts';

/** An entry of a bucket's `CorsConfiguration.CorsRules` in the template. */
export type CorsRule = {
  readonly AllowedOrigins: readonly string[];
  readonly AllowedMethods: readonly string[];
  readonly AllowedHeaders?: readonly string[] | undefined;
  readonly ExposedHeaders?: readonly string[] | undefined;
  readonly MaxAge?: number | undefined;
};

type Rules = readonly CorsRule[];
type Asked = {
  readonly origin: string;
  readonly method: string;
  readonly headers: readonly string[];
};

/** The answer to a browser that asks before it sends. */
export function preflight(rules: Rules, headers: Headers): Record<string, string> {
  const origin = headers['origin'];
  const method = headers['access-control-request-method'];
  if (!origin || !method) throw new Fault('BadRequest');

  const asked = { origin, method, headers: list(headers['access-control-request-headers']) };
  const rule = rules.find((candidate) => allows(candidate, asked));
  if (!rule) throw new Fault('AccessForbidden');
  return {
    ...granted(rule, origin),
    ...(asked.headers.length > 0 && { 'access-control-allow-headers': asked.headers.join(', ') }),
    ...(rule.MaxAge !== undefined && { 'access-control-max-age': String(rule.MaxAge) }),
  };
}

/** The headers that let the page read an answer; none for a stranger. */
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

const allows = (rule: CorsRule, { origin, method, headers }: Asked): boolean =>
  rule.AllowedMethods.includes(method) &&
  rule.AllowedOrigins.some((pattern) => fits(pattern, origin)) &&
  headers.every((name) =>
    rule.AllowedHeaders?.some((pattern) => fits(pattern.toLowerCase(), name)),
  );

// S3 allows one `*` in a pattern.
function fits(pattern: string, text: string): boolean {
  const [start = '', end] = pattern.split('*');
  if (end === undefined) return pattern === text;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

const list = (header = ''): string[] =>
  header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
