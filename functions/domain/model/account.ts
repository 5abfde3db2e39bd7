/** What an account has, in milli-credits. At all times `granted = balance + reserved + used`. */
export type Funds = {
  readonly granted: number;
  readonly balance: number;
  readonly reserved: number;
  readonly used: number;
  /** Tasks that have not ended. */
  readonly inFlight: number;
  /** How many entries its ledger has. Each posting adds one, so it is also the version of the funds. */
  readonly entries: number;
};

/** The limits of an account; an absent one has its default. */
export type Limits = {
  readonly requestsPerMinute?: number | undefined;
  readonly tasksInFlight?: number | undefined;
};

/** `requestsPerMinute` applies to each key of an account, `tasksInFlight` to the whole account. */
export const defaultLimits = { requestsPerMinute: 300, tasksInFlight: 100 } as const;

export type Account = Funds & {
  readonly account: string;
  readonly userGroup: string;
  readonly limits: Limits;
  readonly createdAt: number;
};

export const noFunds: Funds = {
  granted: 0,
  balance: 0,
  reserved: 0,
  used: 0,
  inFlight: 0,
  entries: 0,
};

/** One entry of an account's ledger, written once and never changed. */
export type Entry = {
  /** Counted from 1 without a gap, in the order of the postings. */
  readonly number: number;
  readonly kind: 'grant' | 'withdraw' | 'reserve' | 'settle';
  readonly at: number;
  /** By how much the balance changed, in milli-credits; the balance is the sum of all amounts. */
  readonly amount: number;
  /** The balance after it. */
  readonly balance: number;
  /** What a settled task cost; the rest of its reservation is the `amount`. */
  readonly charged?: number | undefined;
  readonly taskId?: string | undefined;
  /** The API key it was made with. */
  readonly keyId?: string | undefined;
  readonly note?: string | undefined;
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

/** The store of accounts. Only the ledger changes their funds. */
export type Accounts = {
  /** Creates an account without credits; `false` when there is an account of this name already. */
  add(account: NewAccount): Promise<boolean>;
  find(account: string): Promise<Account | undefined>;
  /** Sorted by name; the page begins after the account `after`. */
  list(options: { readonly limit: number; readonly after?: string | undefined }): Promise<{
    readonly accounts: readonly Account[];
    readonly next?: string | undefined;
  }>;
  change(account: string, change: AccountChange): Promise<Account | undefined>;
  /** The newest first; the page begins with the entry before number `before`. */
  entries(
    account: string,
    options: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<{ readonly entries: readonly Entry[]; readonly next?: number | undefined }>;
  secrets(account: string): Promise<WebhookSecrets | undefined>;
  /** Makes this the newest secret; the one before stays valid until `previousUntil`. `false`: no such account. */
  rotateSecret(account: string, secret: string, previousUntil: number): Promise<boolean>;
};
