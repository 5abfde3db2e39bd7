// Test mode. The test side of an account is an account of its own in the storage: its tasks, files, idempotency keys,
// credits, limits and turns in the queue are separate because every query is about one account. The mode of a request is
// that of its API key, and is decided in one place: when the caller is found.

/** `test`: plays with credits that cost nothing, and never reaches a provider. */
export const modes = ['live', 'test'] as const;
export type Mode = (typeof modes)[number];

/** No name of an account has a dot, so no request can name the test side of one. */
const testSuffix = '.test';

/** The test side of an account. */
export const testAccountOf = (account: string): string => `${account}${testSuffix}`;

export const isTestAccount = (account: string): boolean => account.endsWith(testSuffix);

/** The name by which its users and the operator know an account: the same for both of its sides. */
export const ownerOf = (account: string): string =>
  isTestAccount(account) ? account.slice(0, -testSuffix.length) : account;

/** The side of an account on which something in this mode happens. */
export const accountIn = (mode: Mode | undefined, account: string): string =>
  mode === 'test' ? testAccountOf(account) : account;

/** The part of a task that shows its mode. */
export type OfAccount = { readonly account: string };

export const isTest = ({ account }: OfAccount): boolean => isTestAccount(account);

/** The mode in which a task was made. */
export const modeOf = (task: OfAccount): Mode => (isTest(task) ? 'test' : 'live');

/** The limits of every test side. They cannot be changed for one account; only that of the canary has other play credits. */
export const testLimits = {
  /** Play credits, in milli-credits: what the balance is filled up to on the first create of a day of UTC. */
  milliCreditsPerDay: 60_000,
  /** Of each test key. */
  requestsPerMinute: 60,
  /** Few, so that "too many" can be tried; and more than the play credits pay for at four images each. */
  tasksInFlight: 20,
} as const;

/** The day (UTC) on which a moment lies, for the play credits: `2026-11-30`. */
export const playDayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
