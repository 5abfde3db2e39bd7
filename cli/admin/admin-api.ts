import { type Access, type Call, caller, search } from '../call.ts';
import { CliError, isRefused } from '../cli-error.ts';
import {
  Account,
  AccountPage,
  DeletedKey,
  Entry,
  EntryPage,
  Key,
  KeyPage,
  NewAccount,
  NewKey,
  NewSecret,
} from './answers.ts';

type Slice = { readonly limit: number; readonly cursor: string | undefined };

type Limits<Limit> = {
  readonly requests_per_minute?: Limit | undefined;
  readonly tasks_in_flight?: Limit | undefined;
};
type AccountOrder = {
  readonly id: string;
  readonly user_group?: string | undefined;
  readonly limits: Limits<number>;
};
/** A limit of `null` goes back to its default. */
type AccountChange = { readonly limits: Limits<number | null> };

type Grant = { readonly credits: number; readonly note?: string | undefined };

type KeyOrder = {
  readonly account: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expires_at?: number | undefined;
  readonly total_limit_credits?: number | undefined;
  readonly daily_limit_credits?: number | undefined;
  readonly reset_timezone?: string | undefined;
  readonly allowed_models?: readonly string[] | undefined;
};
export type KeyChange = { readonly enabled: boolean } | { readonly name: string };

/** The part of the API that is the operator's: accounts, their credits and their keys. */
export const adminApi = (access: Access) => {
  const call = operatorsCall(caller(access));
  return {
    // A secret whose answer was lost is lost, so what makes one is never repeated unasked.
    createAccount: (order: AccountOrder) =>
      call(NewAccount, '/accounts', { method: 'POST', body: order, once: true }),
    accounts: (slice: Slice) => call(AccountPage, `/accounts${search(slice)}`),
    account: (id: string) => call(Account, `/accounts/${id}`),
    changeAccount: (id: string, change: AccountChange) =>
      call(Account, `/accounts/${id}`, { method: 'PATCH', body: change }),
    /** The idempotency key makes it safe to repeat: it counts once. */
    grant: (id: string, grant: Grant, idempotencyKey: string) =>
      call(Entry, `/accounts/${id}/credits`, {
        ...{ method: 'POST', headers: { 'idempotency-key': idempotencyKey }, body: grant },
      }),
    entries: (id: string, slice: Slice) =>
      call(EntryPage, `/accounts/${id}/entries${search(slice)}`),
    rotateSecret: (id: string, wish: { readonly overlap_hours?: number | undefined }) =>
      call(NewSecret, `/accounts/${id}/webhook-secret`, {
        ...{ method: 'POST', body: wish, once: true },
      }),

    createKey: (order: KeyOrder) =>
      call(NewKey, '/keys', { method: 'POST', body: order, once: true }),
    keys: (account: string, slice: Slice) => call(KeyPage, `/keys${search({ account, ...slice })}`),
    changeKey: (id: string, change: KeyChange) =>
      call(Key, `/keys/${id}`, { method: 'PATCH', body: change }),
    deleteKey: (id: string) => call(DeletedKey, `/keys/${id}`, { method: 'DELETE' }),
  };
};

const operatorsCall =
  (call: Call): Call =>
  (schema, path, message) =>
    call(schema, `/v1/admin${path}`, message).catch((thrown: unknown) => {
      if (!isRefused(thrown, 'permission_denied')) throw thrown;
      throw new CliError('This takes an admin key: give it with --key or in DARKROOM_KEY', {
        ...{ refusal: thrown.refusal, cause: thrown },
      });
    });
