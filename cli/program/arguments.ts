import { InvalidArgumentError } from 'commander';
import { maxLimit } from '../../functions/domain/model/account.ts';
import { idempotencyKeyRule, patterns } from '../../functions/domain/model/ids.ts';

// The parsers of what a person types after a command or an option. commander turns an
// InvalidArgumentError into a usage error that names the argument.

// Ids become parts of URLs, and a task's id part of file names: nothing in them may lead elsewhere.
const idParser = (pattern: RegExp, what: string) => (text: string) => {
  if (pattern.test(text)) return text;
  throw new InvalidArgumentError(`It must be the id of ${what}.`);
};

export const parseTaskId = idParser(patterns.taskId, 'a task');
export const parseAccountId = idParser(
  patterns.account,
  'an account: up to 63 of a-z, 0-9 and -, no - in front',
);

/** The parser of a whole number from `min` to `max`. */
export const wholeNumberParser =
  (min: number, max: number) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

/** A number of things, of which the model or the API says how many there may be. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

/** A limit of an account. */
export const parseLimit = wholeNumberParser(1, maxLimit);

/** A limit of an account, or the word that puts it back to its default. */
export const parseLimitOrDefault = (text: string): number | 'default' =>
  text === 'default' ? text : parseLimit(text);

/** An amount of credits, or the word that takes a limit away. */
export const parseCreditsOrNone = (text: string): number | 'none' =>
  text === 'none' ? text : parseCredits(text);

/** An amount of credits. */
export function parseCredits(text: string): number {
  if (/^\d{1,10}(\.\d{1,3})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number like 100 or 1.2.');
}

/** An amount of credits to grant, or to withdraw when it is negative. */
export function parseSignedCredits(text: string): number {
  const number = /^-?\d{1,10}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (number !== 0) return number;
  throw new InvalidArgumentError('It must be a number like 100, 1.2 or -5, and not 0.');
}

export function parseIdempotencyKey(text: string): string {
  if (patterns.idempotencyKey.test(text)) return text;
  throw new InvalidArgumentError(`It must be ${idempotencyKeyRule}`);
}

/** A time in the past, in unix seconds: "2h" or "3d" ago, or "2026-11-22", midnight in local time. */
export function parsePastTime(text: string, nowMs: number): number {
  const seconds = parseTime(text, nowMs, -1);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('It must be like 2h, 3d or 2026-11-22.');
}

/** A time in the future, in unix seconds: "12h" or "30d" from now, or "2027-01-31". */
export function parseFutureTime(text: string, nowMs: number): number {
  const seconds = parseTime(text, nowMs, 1);
  if (seconds !== undefined && seconds * 1000 > nowMs) return seconds;
  throw new InvalidArgumentError('It must be in the future, like 12h, 30d or 2027-01-31.');
}

const durationUnitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** How long to wait, in milliseconds: "90s", "20m" or "2h". */
export function parseDuration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const ms = Number(count) * (durationUnitMs[unit] ?? Number.NaN);
  if (ms > 0 && ms <= maxDurationMs) return ms;
  throw new InvalidArgumentError('It must be like 90s, 20m or 2h, and at most 48h.');
}
const maxDurationMs = 48 * 3_600_000;

/** One more text to keep with a task: "order=4711". */
export function parseMetadata(
  text: string,
  others: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be like order=4711.');
  return Object.fromEntries([...Object.entries(others), [text.slice(0, at), text.slice(at + 1)]]);
}

/** A day of UTC: "2026-11-22", or "7d" for the day a week ago. */
export function parseDay(text: string, nowMs: number): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  const [, count] = /^(\d{1,4})d$/.exec(text) ?? [];
  if (count !== undefined) {
    return new Date(nowMs - Number(count) * 86_400_000).toISOString().slice(0, 10);
  }
  throw new InvalidArgumentError('It must be like 7d or 2026-11-22.');
}

/** A list like "day,key", out of these. */
export const listParser =
  (allowed: readonly string[]) =>
  (text: string): string => {
    if (text.split(',').every((one) => allowed.includes(one))) return text;
    throw new InvalidArgumentError(`It must be one or more of ${allowed.join(', ')}, with commas.`);
  };

const hourSeconds = 60 * 60;
const unitSeconds: Readonly<Record<string, number>> = { h: hourSeconds, d: 24 * hourSeconds };

function parseTime(text: string, nowMs: number, direction: 1 | -1): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([hd])$/.exec(text) ?? [];
  const size = unitSeconds[unit];
  if (!size) return parseMidnight(text);
  return Math.max(0, Math.floor(nowMs / 1000) + direction * Number(count) * size);
}

function parseMidnight(text: string): number | undefined {
  if (!/^(19[7-9]\d|2\d{3})-\d\d-\d\d$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00`);
  // JavaScript reads the 31st of February as a day in March.
  if (date.getDate() !== Number(text.slice(-2))) return undefined;
  return Math.max(0, Math.floor(date.getTime() / 1000));
}

/** What the scopes of an API key are for. */
export const scopeHelp =
  'what it may do: read; generate (read, and make tasks); manage (read, and keys of its account); admin (all accounts)';
