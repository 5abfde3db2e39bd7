/**
 * The value of a `Retry-After` header (a number of seconds, or a date) in seconds from `now`; undefined when there is none,
 * or when the date has passed.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const seconds = Math.ceil((Date.parse(value) - now) / 1000);
  return seconds > 0 ? seconds : undefined; // also when it is no date
}
