import { type Account, type Accounts, noFunds } from '../account.ts';
import { pageView, toCursor } from '../cursor.ts';
import { newWebhookSecret } from '../ids.ts';
import type { Clock } from '../ports.ts';
import { Problem } from '../problem.ts';
import {
  type AccountPatch,
  type AccountRequest,
  type AccountsQuery,
  type EntriesQuery,
  isAccountName,
  type RotationRequest,
} from './account-request.ts';
import { accountView, entryView } from './account-view.ts';

type Needs = { readonly accounts: Accounts; readonly now: Clock };

/** Makes an account. Its webhook secret is shown in this answer and never again. */
export const createAccount =
  ({ accounts, now }: Needs) =>
  async ({ id, user_group, limits }: AccountRequest) => {
    const webhookSecret = newWebhookSecret();
    const account = {
      ...{ account: id, userGroup: user_group, createdAt: now() },
      limits: {
        requestsPerMinute: limits.requests_per_minute,
        tasksInFlight: limits.tasks_in_flight,
      },
    };
    if (!(await accounts.add({ ...account, webhookSecret }))) {
      throw new Problem('account_exists', `There is an account ${id} already.`, { param: 'id' });
    }
    return { ...accountView({ ...account, ...noFunds }), webhook_secret: webhookSecret };
  };

/** @throws {Problem} `account_not_found` */
export const getAccount =
  ({ accounts }: Pick<Needs, 'accounts'>) =>
  async (id: string) =>
    accountView(found(id, await accounts.find(named(id))));

/** All accounts, by name. */
export const listAccounts =
  ({ accounts }: Pick<Needs, 'accounts'>) =>
  async ({ limit, cursor }: AccountsQuery) => {
    const page = await accounts.list({ limit, behind: cursor });
    return pageView(page.accounts.map(accountView), page.next && toCursor(page.next));
  };

/** Changes the group or the limits of an account. @throws {Problem} `account_not_found` */
export const changeAccount =
  ({ accounts }: Pick<Needs, 'accounts'>) =>
  async (id: string, { user_group, limits }: AccountPatch) => {
    const changed = await accounts.change(named(id), {
      userGroup: user_group,
      limits: {
        requestsPerMinute: limits?.requests_per_minute,
        tasksInFlight: limits?.tasks_in_flight,
      },
    });
    return accountView(found(id, changed));
  };

/** What moved the money of an account, the newest first. @throws {Problem} `account_not_found` */
export const listEntries =
  ({ accounts }: Pick<Needs, 'accounts'>) =>
  async (id: string, { limit, cursor }: EntriesQuery) => {
    found(id, await accounts.find(named(id)));
    const { entries, next } = await accounts.entries(id, { limit, before: cursor });
    return pageView(entries.map(entryView), next === undefined ? next : toCursor(next));
  };

/** Makes a new webhook secret, beside which the one before is used for a while. */
export const rotateSecret =
  ({ accounts, now }: Needs) =>
  async (id: string, { overlap_hours }: RotationRequest) => {
    const secret = newWebhookSecret();
    const until = now() + Math.round(overlap_hours * 3_600_000);
    if (!(await accounts.rotateSecret(named(id), secret, until))) throw accountNotFound(id);
    return {
      ...{ object: 'webhook_secret', account: id, webhook_secret: secret },
      previous_valid_until: Math.floor(until / 1000),
    };
  };

/** What cannot be a name is not looked up: DynamoDB refuses it when it is long. @throws {Problem} `account_not_found` */
export function named(id: string): string {
  if (isAccountName(id)) return id;
  throw accountNotFound(id);
}

const found = (id: string, account: Account | undefined): Account => {
  if (account) return account;
  throw accountNotFound(id);
};

export const accountNotFound = (id: string): Problem =>
  new Problem('account_not_found', `There is no account ${id}.`, { param: 'account' });
