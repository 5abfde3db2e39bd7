import {
  type Account,
  type Accounts,
  defaultLimits,
  type NewAccountBudget,
  noFunds,
  type Statement,
} from '../model/account.ts';
import type { Caller } from '../model/api-key.ts';
import type { Act } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { newWebhookSecret } from '../model/ids.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import { encodeCursor, pageResponse } from '../wire/cursor.ts';
import {
  type AccountPatch,
  type AccountRequest,
  type AccountsQuery,
  type EntriesQuery,
  isAccountName,
  type RotationRequest,
} from './account-request.ts';
import { accountChanged, accountCreated, secretRotated } from './audit-values.ts';

type Deps = { readonly accounts: Accounts; readonly now: Clock };

type CreateDeps = Deps & { readonly budget?: NewAccountBudget | undefined };

/** Creates an account. Its webhook secret is shown in this response and never again. */
export const createAccount =
  ({ accounts, now, budget }: CreateDeps) =>
  async ({ id, user_group, limits }: AccountRequest, act: Act) => {
    const webhookSecret = newWebhookSecret();
    const account = {
      account: id,
      userGroup: user_group,
      createdAt: now(),
      limits: {
        requestsPerMinute: limits.requests_per_minute,
        tasksInFlight: limits.tasks_in_flight,
      },
    };
    const added = { ...account, ...budget, webhookSecret };
    if (!(await accounts.add(added, accountCreated(act, added)))) throw accountExists(id);
    const created = { ...account, ...noFunds, ...(budget && { budget: budgetOf(budget) }) };
    return { ...accountView(created), webhook_secret: webhookSecret };
  };

/** Creates the account if there is none. @returns its webhook secret, when it was created now */
export async function ensureAccount(
  deps: CreateDeps,
  id: string,
  act: Act,
): Promise<string | undefined> {
  try {
    const account = await createAccount(deps)({ id, user_group: 'default', limits: {} }, act);
    return account.webhook_secret;
  } catch (error) {
    if (error instanceof Problem && error.code === 'account_exists') return undefined;
    throw error;
  }
}

/** The first budget of an account. */
const budgetOf = ({ dailyBudget, stopAtBudget }: NewAccountBudget) => ({
  amount: dailyBudget,
  isLimit: stopAtBudget,
  epoch: 1,
});

/** @throws {Problem} `account_not_found` */
export const getAccount =
  ({ accounts }: Pick<Deps, 'accounts'>) =>
  async (id: string) =>
    accountView(requireAccount(id, await accounts.find(requireAccountName(id))));

/** All accounts, by name. */
export const listAccounts =
  ({ accounts }: Pick<Deps, 'accounts'>) =>
  async ({ limit, cursor }: AccountsQuery) => {
    const page = await accounts.list({ limit, after: cursor });
    return pageResponse(page.accounts.map(accountView), page.next && encodeCursor(page.next));
  };

/**
 * Changes the group, the limits or the daily budget of an account, disables or enables it. Callers cannot disable their own
 * account, because they could not enable it again.
 * @throws {Problem} `account_not_found`, or `permission_denied` for disabling the account of the caller
 */
export const changeAccount =
  ({ accounts }: Pick<Deps, 'accounts'>) =>
  async (id: string, patch: AccountPatch, caller: Pick<Caller, 'account'>, act: Act) => {
    const { user_group, limits, enabled, daily_budget_credits, stop_at_budget } = patch;
    if (enabled === false && id === caller.account) throw ownAccount();
    const change = {
      userGroup: user_group,
      disabled: enabled === undefined ? undefined : !enabled,
      dailyBudget: daily_budget_credits,
      stopAtBudget: stop_at_budget,
      limits: limits && {
        requestsPerMinute: limits.requests_per_minute,
        tasksInFlight: limits.tasks_in_flight,
      },
    };
    const changed = await accounts.change(requireAccountName(id), change, accountChanged(act, id));
    return accountView(requireAccount(id, changed));
  };

/** The ledger of an account, the newest entry first. @throws {Problem} `account_not_found` */
export const listEntries =
  ({ accounts }: Pick<Deps, 'accounts'>) =>
  async (id: string, { limit, cursor }: EntriesQuery) => {
    if (!(await accounts.exists(requireAccountName(id)))) throw accountNotFound(id);
    const { entries, next } = await accounts.entries(id, { limit, before: cursor });
    return pageResponse(
      entries.map(entryView),
      next && encodeCursor([next.id, next.balance ?? null]),
    );
  };

/** Creates a new webhook secret. Callbacks are signed with the previous one too for a while. */
export const rotateSecret =
  ({ accounts, now }: Deps) =>
  async (id: string, { overlap_hours }: RotationRequest, act: Act) => {
    const secret = newWebhookSecret();
    const until = now() + Math.round(overlap_hours * 3_600_000);
    const account = requireAccountName(id);
    const entry = secretRotated(act, account, until);
    if (!(await accounts.rotateSecret(account, secret, until, entry))) throw accountNotFound(id);
    return {
      object: 'webhook_secret' as const,
      account: id,
      webhook_secret: secret,
      previous_valid_until: Math.floor(until / 1000),
    };
  };

/**
 * A text that cannot be a name is not looked up: DynamoDB rejects a key that is too long.
 * @throws {Problem} `account_not_found`
 */
export function requireAccountName(id: string): string {
  if (isAccountName(id)) return id;
  throw accountNotFound(id);
}

/** The name, if there is such an account. @throws {Problem} `account_not_found` */
export const existingAccount =
  ({ accounts }: { readonly accounts: Pick<Accounts, 'exists'> }) =>
  async (id: string): Promise<string> => {
    if (await accounts.exists(requireAccountName(id))) return id;
    throw accountNotFound(id);
  };

const requireAccount = (id: string, account: Account | undefined): Account => {
  if (account) return account;
  throw accountNotFound(id);
};

const ownAccount = (): Problem =>
  new Problem(
    'permission_denied',
    'You cannot disable the account of the key that you call with.',
    {
      param: 'account',
    },
  );

export const accountExists = (id: string): Problem =>
  new Problem('account_exists', `There is an account ${id} already.`, { param: 'id' });

export const accountNotFound = (id: string): Problem =>
  new Problem('account_not_found', `There is no account ${id}.`, { param: 'account' });

/** An account as the operator sees it, with the limits that apply to it. */
export const accountView = (account: Account) => ({
  object: 'account' as const,
  id: account.account,
  user_group: account.userGroup,
  created: Math.floor(account.createdAt / 1000),
  credits: {
    granted: toCredits(account.granted),
    balance: toCredits(account.balance),
    reserved: toCredits(account.reserved),
    used: toCredits(account.used),
  },
  limits: {
    requests_per_minute: account.limits.requestsPerMinute ?? defaultLimits.requestsPerMinute,
    tasks_in_flight: account.limits.tasksInFlight ?? defaultLimits.tasksInFlight,
  },
  tasks_in_flight: account.inFlight,
  enabled: account.disabled !== true,
  daily_budget_credits: account.budget ? toCredits(account.budget.amount) : null,
  stop_at_budget: account.budget?.isLimit ?? false,
});

/** One entry of an account's ledger, as the operator sees it. */
export const entryView = (entry: Statement['entries'][number]) => ({
  object: 'ledger_entry' as const,
  id: entry.id,
  kind: entry.kind,
  created: Math.floor(entry.at / 1000),
  amount_credits: toCredits(entry.amount),
  balance_credits: entry.balance === undefined ? null : toCredits(entry.balance),
  charged_credits: entry.charged === undefined ? null : toCredits(entry.charged),
  task_id: entry.taskId ?? null,
  key_id: entry.keyId ?? null,
  note: entry.note ?? null,
});
