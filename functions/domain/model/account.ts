import type { AuditEntry } from './audit.ts';

/** The credits of an account, in milli-credits. At all times `granted = balance + reserved + used`. */
export type Funds = {
  readonly granted: number;
  readonly balance: number;
  readonly reserved: number;
  readonly used: number;
  /** Tasks that have not ended. */
  readonly inFlight: number;
};

/** The limits of an account; an absent one has its default. */
export type Limits = {
  readonly requestsPerMinute?: number | undefined;
  readonly tasksInFlight?: number | undefined;
};

/**
 * `requestsPerMinute` applies to each key of an account, `tasksInFlight` to the whole account. More tasks than
 * that are a mistake of the caller; how many run at the same time is limited elsewhere.
 */
export const defaultLimits = { requestsPerMinute: 300, tasksInFlight: 2000 } as const;
/** The highest that either may be set to. */
export const maxLimit = 100_000;

/** The longest note of a credit, in characters. */
export const maxNoteLength = 200;

/** How long callbacks may be signed with the old secret as well, in hours: a week. */
export const maxOverlapHours = 168;

/** What an account should spend at most on one day (UTC). The budget counts from the moment it is set. */
export type DailyBudget = {
  /** In milli-credits. */
  readonly amount: number;
  /** Whether creates beyond it are refused. Otherwise they are only counted. */
  readonly isLimit: boolean;
  /** How often the account got a budget after it had none, so that what was spent under an earlier budget does not count. */
  readonly epoch: number;
};

/** The name of a budget in its rows: one for each day and epoch. */
export type BudgetName = `budget${string}`;
export const budgetName = ({ epoch }: DailyBudget, at: number): BudgetName =>
  `budget${new Date(at).toISOString().slice(0, 10).replaceAll('-', '')}e${epoch}`;

export type Account = Funds & {
  readonly account: string;
  readonly userGroup: string;
  readonly limits: Limits;
  /** None of its keys works; its tasks go on. */
  readonly disabled?: true | undefined;
  readonly budget?: DailyBudget | undefined;
  /** For the test side of an account: the day on which it last got its play credits. */
  readonly refilledOn?: string | undefined;
  readonly createdAt: number;
};

export const noFunds: Funds = {
  granted: 0,
  balance: 0,
  reserved: 0,
  used: 0,
  inFlight: 0,
};

/** One entry of an account's ledger, written once and never changed. */
export type Entry = {
  /** Begins with its time, so that entries sort by time. */
  readonly id: string;
  readonly kind: 'grant' | 'withdraw' | 'reserve' | 'settle';
  readonly at: number;
  /** By how much the balance changed, in milli-credits; the balance is the sum of all amounts. */
  readonly amount: number;
  /** What a settled task cost; the rest of its reservation is the `amount`. */
  readonly charged?: number | undefined;
  readonly taskId?: string | undefined;
  /** The API key it was made with. */
  readonly keyId?: string | undefined;
  readonly note?: string | undefined;
};

/** The id of an entry: its time with leading zeros, and what tells it from others of that time. */
export const entryIdOf = (at: number, what: string): string =>
  `${String(at).padStart(13, '0')}-${what}`;

/**
 * A page of entries begins after this entry. `balance` is the balance of the account before this entry; absent when the
 * account changed too often to compute it.
 */
export type EntryCursor = { readonly id: string; readonly balance?: number | undefined };

/** Entries, the newest first, each with the balance after it: computed backwards from the balance that the account has now. */
export type Statement = {
  readonly entries: readonly (Entry & { readonly balance?: number | undefined })[];
  readonly next?: EntryCursor | undefined;
};

/** The secrets that callbacks are signed with: the newest, and the previous one while it is valid. */
export type WebhookSecrets = {
  readonly newest: string;
  readonly previous?: { readonly secret: string; readonly until: number } | undefined;
};

/** The secrets to sign with at this moment, the newest first. */
export function currentSecrets(
  secrets: WebhookSecrets | undefined,
  now: number,
): readonly string[] {
  if (!secrets) throw new Error('the account does not exist');
  const { newest, previous } = secrets;
  return previous && previous.until > now ? [newest, previous.secret] : [newest];
}

/** The daily budget that every new account has, if the deployment sets one. It is changed like any other. */
export type NewAccountBudget = {
  /** In milli-credits. */
  readonly dailyBudget: number;
  readonly stopAtBudget: boolean;
};

export type NewAccount = Partial<NewAccountBudget> & {
  readonly account: string;
  readonly userGroup: string;
  readonly limits: Limits;
  readonly webhookSecret: string;
  readonly createdAt: number;
};

/** A limit of `null` goes back to its default. */
export type AccountChange = {
  readonly userGroup?: string | undefined;
  readonly disabled?: boolean | undefined;
  /** In milli-credits; `null`: none. */
  readonly dailyBudget?: number | null | undefined;
  readonly stopAtBudget?: boolean | undefined;
  readonly limits?: { readonly [name in keyof Limits]?: number | null | undefined } | undefined;
};

/** The settings of an account by the operator, before a change. */
export type AccountSettings = Pick<Account, 'userGroup' | 'limits' | 'disabled'> & {
  /** In milli-credits. */
  readonly dailyBudget?: number | undefined;
  readonly stopAtBudget?: boolean | undefined;
};

/**
 * Makes the audit entry about a change, from the settings before it. A change that is written in two parts has two
 * entries.
 */
export type AccountAudit = (before: AccountSettings, part: AccountChange) => AuditEntry | undefined;

/**
 * The store of accounts. Only the ledger changes their funds. A change and its audit entry are written together, or not at
 * all.
 */
export type Accounts = {
  /** Creates an account without credits; `false` when there is an account of this name already. */
  add(account: NewAccount, entry?: AuditEntry): Promise<boolean>;
  find(account: string): Promise<Account | undefined>;
  exists(account: string): Promise<boolean>;
  /** Sorted by name; the page begins after the account `after`. */
  list(options: { readonly limit: number; readonly after?: string | undefined }): Promise<{
    readonly accounts: readonly Account[];
    readonly next?: string | undefined;
  }>;
  change(
    account: string,
    change: AccountChange,
    audit?: AccountAudit,
  ): Promise<Account | undefined>;
  /** The newest first. */
  entries(
    account: string,
    options: { readonly limit: number; readonly before?: EntryCursor | undefined },
  ): Promise<Statement>;
  secrets(account: string): Promise<WebhookSecrets | undefined>;
  /** Makes this the newest secret; the one before stays valid until `previousUntil`. `false`: no such account. */
  rotateSecret(
    account: string,
    secret: string,
    previousUntil: number,
    entry?: AuditEntry,
  ): Promise<boolean>;
};
