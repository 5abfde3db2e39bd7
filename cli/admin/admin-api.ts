import type * as z from 'zod';
import * as adminCancelTask from '../../functions/api/admin-cancel-task/route.ts';
import * as adminRedeliver from '../../functions/api/admin-redeliver-callback/route.ts';
import * as adminRedeliverAll from '../../functions/api/admin-redeliver-callbacks/route.ts';
import * as changeAccount from '../../functions/api/change-account/route.ts';
import * as changeKey from '../../functions/api/change-key/route.ts';
import * as checkTask from '../../functions/api/check-task/route.ts';
import * as createAccount from '../../functions/api/create-account/route.ts';
import * as createKey from '../../functions/api/create-key/route.ts';
import * as creditAccount from '../../functions/api/credit-account/route.ts';
import * as deleteKey from '../../functions/api/delete-key/route.ts';
import * as findTasks from '../../functions/api/find-tasks/route.ts';
import * as getAccount from '../../functions/api/get-account/route.ts';
import * as getAdminTask from '../../functions/api/get-admin-task/route.ts';
import * as getAllUsage from '../../functions/api/get-all-usage/route.ts';
import * as getKey from '../../functions/api/get-key/route.ts';
import * as listAccounts from '../../functions/api/list-accounts/route.ts';
import * as listEntries from '../../functions/api/list-entries/route.ts';
import * as listKeys from '../../functions/api/list-keys/route.ts';
import * as listProviders from '../../functions/api/list-providers/route.ts';
import * as rotateSecret from '../../functions/api/rotate-webhook-secret/route.ts';
import * as testWebhook from '../../functions/api/test-webhook/route.ts';
import * as tryProvider from '../../functions/api/try-provider/route.ts';
import type { Mode } from '../../functions/domain/model/mode.ts';
import type { AnyRoute, BodyInputOf, QueryOf } from '../../functions/runtime/route.ts';
import type { UsageFilter } from '../api/api.ts';
import { type Access, type ApiCall, apiCaller, csvCaller } from '../api/api-caller.ts';
import { CliError, hasErrorCode } from '../program/cli-error.ts';
import type { PageQuery } from '../program/list.ts';

type CreateAccountRequest = BodyInputOf<typeof createAccount.route>;
export type AccountChange = BodyInputOf<typeof changeAccount.route>;
type GrantRequest = BodyInputOf<typeof creditAccount.route>;
type RotateSecretRequest = BodyInputOf<typeof rotateSecret.route>;
type WebhookTestRequest = BodyInputOf<typeof testWebhook.route>;
type CreateKeyRequest = BodyInputOf<typeof createKey.route>;
export type KeyChange = BodyInputOf<typeof changeKey.route>;

type TaskFilter = Pick<
  QueryOf<typeof findTasks.route>,
  'account' | 'status' | 'code' | 'provider' | 'callback' | 'created_after' | 'created_before'
> & {
  /** Without it, only live tasks. */
  readonly mode?: Mode | undefined;
};
export type AdminTask = z.output<typeof getAdminTask.response>;
export type AdminTaskSummary = z.output<typeof findTasks.response>['data'][number];
type AllUsageFilter = UsageFilter & { readonly account?: string | undefined };

export type Account = z.output<typeof getAccount.response>;
export type Entry = z.output<typeof creditAccount.response>;
export type WebhookTest = z.output<typeof testWebhook.response>;
export type Key = z.output<typeof changeKey.response>;
export type Providers = z.output<typeof listProviders.response>;
export type ProviderTrial = z.output<typeof tryProvider.response>;

/** The operator's routes: accounts, their credits and their keys. */
export const adminApi = (access: Access) => {
  const call = adminCaller(apiCaller(access));
  const readCsv = csvCaller(access);
  return {
    // A secret is in one response only. If that response is lost, a second request would make
    // another secret, so a request that makes one is not repeated.
    createAccount: (body: CreateAccountRequest) =>
      call(createAccount, { body, isRepeatable: false }),
    accounts: (query: PageQuery) => call(listAccounts, { query }),
    account: (account: string) => call(getAccount, { params: { account } }),
    changeAccount: (account: string, body: AccountChange) =>
      call(changeAccount, { params: { account }, body }),
    /** With the idempotency key it is safe to repeat the request: it counts once. */
    grant: (account: string, body: GrantRequest, idempotencyKey: string) =>
      call(creditAccount, { params: { account }, body, idempotencyKey }),
    entries: (account: string, query: PageQuery) =>
      call(listEntries, { params: { account }, query }),
    rotateSecret: (account: string, body: RotateSecretRequest) =>
      call(rotateSecret, { params: { account }, body, isRepeatable: false }),
    /** An event that may have been sent is not sent again. */
    testWebhook: (body: WebhookTestRequest) => call(testWebhook, { body, isRepeatable: false }),

    createKey: (body: CreateKeyRequest) => call(createKey, { body, isRepeatable: false }),
    /** The keys of this account; without an account, those of the account that the calling key belongs to. */
    keys: (account: string | undefined, query: PageQuery) =>
      call(listKeys, { query: { account, ...query } }),
    key: (key_id: string) => call(getKey, { params: { key_id } }),
    changeKey: (key_id: string, body: KeyChange) => call(changeKey, { params: { key_id }, body }),
    deleteKey: (key_id: string) => call(deleteKey, { params: { key_id } }),

    /** The tasks of all accounts, the newest first, a page at a time. */
    tasks: (query: PageQuery & TaskFilter) => call(findTasks, { query }),
    task: (task_id: string) => call(getAdminTask, { params: { task_id } }),
    cancelTask: (task_id: string) => call(adminCancelTask, { params: { task_id } }),
    redeliver: (task_id: string) => call(adminRedeliver, { params: { task_id } }),
    /** Sends the callbacks of an account again that were given up since a time. */
    redeliverAll: (account: string, body: BodyInputOf<typeof adminRedeliverAll.route>) =>
      call(adminRedeliverAll, { params: { account }, body }),
    /** All providers with their configuration and their health, and the time of the reconciler's last run. */
    providers: () => call(listProviders, {}),
    /** Tries the stored key of a provider, which costs nothing. */
    tryProvider: (provider: string) => call(tryProvider, { params: { provider } }),
    checkTask: (task_id: string) => call(checkTask, { params: { task_id } }),
    usage: (query: PageQuery & AllUsageFilter) => call(getAllUsage, { query }),
    usageCsv: (query: AllUsageFilter & { readonly cursor?: string | undefined }) =>
      readCsv(getAllUsage.route, query),
  };
};

export type AdminApi = ReturnType<typeof adminApi>;

/**
 * When the key is rejected, the message names the missing scope. When a field is rejected, the API's message says what
 * the key may not do.
 */
const adminCaller =
  (call: ApiCall): ApiCall =>
  (declared, request) =>
    call(declared, request).catch((thrown: unknown) => {
      if (!hasErrorCode(thrown, 'permission_denied') || thrown.apiError?.param) throw thrown;
      throw new CliError(
        `This takes ${keyFor(declared.route)}: give it with --key or in DARKROOM_KEY`,
        {
          apiError: thrown.apiError,
          cause: thrown,
        },
      );
    });

const keyFor = ({ access }: AnyRoute): string =>
  typeof access === 'object' && access.scope === 'manage'
    ? 'a key with the scope manage or admin'
    : 'an admin key';
