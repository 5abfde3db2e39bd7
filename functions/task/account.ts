/** What an account has, in milli-credits. At all times `granted = balance + reserved + used`. */
export type Funds = {
  readonly granted: number;
  readonly balance: number;
  readonly reserved: number;
  readonly used: number;
  /** Tasks that have not ended. */
  readonly inFlight: number;
  /** How many entries its ledger has: each one raises it, so it tells whether somebody moved money. */
  readonly entries: number;
};

/** What an account may do at most; what is absent is at its default. */
export type Limits = {
  readonly requestsPerMinute?: number | undefined;
  readonly tasksInFlight?: number | undefined;
};

/** A minute's requests count for each key of an account, the tasks for all of them together. */
export const defaultLimits = { requestsPerMinute: 300, tasksInFlight: 100 } as const;

export type Account = Funds & {
  readonly account: string;
  readonly userGroup: string;
  readonly limits: Limits;
  readonly createdAt: number;
};

export const noFunds: Funds = {
  ...{ granted: 0, balance: 0, reserved: 0, used: 0, inFlight: 0, entries: 0 },
};

/** One movement of an account's money, written once and never changed. */
export type Entry = {
  /** Counted from 1 without a gap, in the order of the movements. */
  readonly number: number;
  readonly kind: 'grant' | 'withdraw' | 'reserve' | 'settle';
  readonly at: number;
  /** By how much the balance changed, in milli-credits; all of them add up to it. */
  readonly amount: number;
  /** The balance after it. */
  readonly balance: number;
  /** What a settled task cost; the rest of its reservation is the `amount`. */
  readonly charged?: number | undefined;
  readonly taskId?: string | undefined;
  /** The key that asked for it. */
  readonly keyId?: string | undefined;
  readonly note?: string | undefined;
};

/** The secrets callbacks are signed with: the newest, and the one before it while it is still valid. */
export type WebhookSecrets = {
  readonly newest: string;
  readonly previous?: { readonly secret: string; readonly until: number } | undefined;
};

/** The secrets that a signature of this moment is made with. */
export function validSecrets(secrets: WebhookSecrets | undefined, now: number): readonly string[] {
  if (!secrets) throw new Error('the account is not there');
  const { newest, previous } = secrets;
  return previous && previous.until > now ? [newest, previous.secret] : [newest];
}

export type NewAccount = {
  readonly account: string;
  readonly userGroup: string;
  readonly limits: Limits;
  readonly webhookSecret: string;
  readonly createdAt: number;
};

/** A limit of `null` goes back to its default. */
export type AccountChange = {
  readonly userGroup?: string | undefined;
  readonly limits?: { readonly [name in keyof Limits]?: number | null | undefined } | undefined;
};

/** The accounts there are. Their money moves through the ledger alone. */
export type Accounts = {
  /** Makes an account without credits; `false` when there is one of this name. */
  add(account: NewAccount): Promise<boolean>;
  find(account: string): Promise<Account | undefined>;
  /** By name, behind the one named. */
  list(wish: { readonly limit: number; readonly behind?: string | undefined }): Promise<{
    readonly accounts: readonly Account[];
    readonly next?: string | undefined;
  }>;
  change(account: string, change: AccountChange): Promise<Account | undefined>;
  /** The newest first, before the one with this number. */
  entries(
    account: string,
    wish: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<{ readonly entries: readonly Entry[]; readonly next?: number | undefined }>;
  secrets(account: string): Promise<WebhookSecrets | undefined>;
  /** Signs with this secret from now on, and with the one before it until then; `false`: no account. */
  rotateSecret(account: string, secret: string, previousUntil: number): Promise<boolean>;
};
