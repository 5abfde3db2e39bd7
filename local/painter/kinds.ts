import type { Code } from './codes.ts';

/** What the codes come down to, for protocols that have other words for the same trouble. */
export type Kind =
  | 'input'
  | 'picture'
  | 'policy'
  | 'key'
  | 'money'
  | 'access'
  | 'busy'
  | 'timeout'
  | 'unavailable'
  | 'crash';

// The first line that fits wins; the rest is a bad request.
const table: readonly (readonly [code: RegExp, kind: Kind])[] = [
  [/^(InvalidURL|InvalidParameter\.DataInspection|InvalidImage|BadRequest\.[IU])/, 'picture'],
  [/^(DataInspectionFailed|IPInfringementSuspect)/, 'policy'],
  [/^InvalidApiKey/, 'key'],
  [/^(Arrearage|AllocationQuota|\w+BillOverdue|CommodityNotPurchased)/, 'money'],
  [/AccessDenied|NotFound$/, 'access'],
  [/^(Throttling|LimitRequests)/, 'busy'],
  [/Time[oO]ut$/, 'timeout'],
  [/^ModelUnavailable/, 'unavailable'],
  [/^(InternalError|SystemError|RewriteFailed|ModelServiceFailed)/, 'crash'],
];

export const kindOf = (code: Code): Kind =>
  table.find(([pattern]) => pattern.test(code))?.[1] ?? 'input';
