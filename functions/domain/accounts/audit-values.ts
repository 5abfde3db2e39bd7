import {
  type AccountAudit,
  type AccountChange,
  type AccountSettings,
  defaultLimits,
  type Entry,
  type NewAccount,
} from '../model/account.ts';
import { type ApiKey, type KeyChange, managedFields } from '../model/api-key.ts';
import {
  type Act,
  type AuditEntry,
  type AuditValues,
  auditEntry,
  changedValues,
} from '../model/audit.ts';
import { toCredits } from '../model/money.ts';
import { wireNames } from './key-request.ts';

// The values before and after a change, for audit entries about accounts, credits and keys. Every field is listed here by
// its name on the wire: a hash, a key or a webhook secret is not.

const accountValues = (settings: AccountSettings): AuditValues => ({
  user_group: settings.userGroup,
  requests_per_minute: settings.limits.requestsPerMinute ?? defaultLimits.requestsPerMinute,
  tasks_in_flight: settings.limits.tasksInFlight ?? defaultLimits.tasksInFlight,
  enabled: settings.disabled !== true,
  daily_budget_credits: inCredits(settings.dailyBudget),
  stop_at_budget: settings.stopAtBudget === true,
});

/** The entry about a new account. */
export const accountCreated = (act: Act, account: NewAccount): AuditEntry =>
  auditEntry(act, { account: account.account }, { after: accountValues(account) });

/** The entry about a change of an account, with the fields that it changes; none when it changes nothing. */
export const accountChanged =
  (act: Act, account: string): AccountAudit =>
  (before, change) =>
    entryOfChange(
      act,
      { account },
      changedValues(accountValues(before), accountValues(settingsAfter(before, change))),
    );

const entryOfChange = (
  act: Act,
  target: Parameters<typeof auditEntry>[1],
  values: ReturnType<typeof changedValues>,
): AuditEntry | undefined =>
  Object.keys(values.after).length === 0 ? undefined : auditEntry(act, target, values);

function settingsAfter(before: AccountSettings, change: AccountChange): AccountSettings {
  const { requestsPerMinute, tasksInFlight } = change.limits ?? {};
  return {
    userGroup: change.userGroup ?? before.userGroup,
    disabled: (change.disabled ?? before.disabled) || undefined,
    dailyBudget: changed(before.dailyBudget, change.dailyBudget),
    stopAtBudget: change.stopAtBudget ?? before.stopAtBudget,
    limits: {
      requestsPerMinute: changed(before.limits.requestsPerMinute, requestsPerMinute),
      tasksInFlight: changed(before.limits.tasksInFlight, tasksInFlight),
    },
  };
}

/** `null` removes the value before, `undefined` keeps it. */
const changed = <T>(before: T | undefined, change: T | null | undefined): T | undefined =>
  change === undefined ? before : (change ?? undefined);

/** The entry about a new webhook secret. */
export const secretRotated = (act: Act, account: string, until: number): AuditEntry =>
  auditEntry(act, { account }, { after: { previous_valid_until: Math.floor(until / 1000) } });

/** The entry about credits that were granted or withdrawn; it has the id of the ledger entry. */
export const credited =
  (act: Act, account: string) =>
  ({ id, amount, note }: Entry): AuditEntry =>
    auditEntry(
      act,
      { account },
      { after: { amount_credits: toCredits(amount), note: note ?? null, ledger_entry: id } },
    );

const keyValues = (key: ApiKey): AuditValues => ({
  mode: key.mode ?? 'live',
  name: key.name,
  enabled: key.enabled,
  scopes: key.scopes,
  expires_at: key.expiresAt === undefined ? null : Math.floor(key.expiresAt / 1000),
  total_limit_credits: inCredits(key.totalLimit),
  daily_limit_credits: inCredits(key.dailyLimit),
  reset_timezone: key.timeZone,
  allowed_models: key.allowedModels ?? null,
  // The account itself cannot change these back.
  disabled_by_operator: key.disabledByOperator === true,
  set_by_operator: managedFields
    .filter((field) => !key.managedFields?.includes(field))
    .map((field) => wireNames[field]),
});

const targetOf = ({ account, keyId }: ApiKey) => ({ account, keyId });

/** The entry about a new key. */
export const keyCreated = (act: Act, key: ApiKey): AuditEntry =>
  auditEntry(act, targetOf(key), { after: keyValues(key) });

/** The entry about a change of a key, with the fields that it changes; none when it changes nothing. */
export const keyChanged = (act: Act, before: ApiKey, change: KeyChange): AuditEntry | undefined =>
  entryOfChange(
    act,
    targetOf(before),
    changedValues(
      keyValues(before),
      keyValues({
        ...before,
        name: change.name ?? before.name,
        enabled: change.enabled ?? before.enabled,
        scopes: change.scopes ?? before.scopes,
        timeZone: change.timeZone ?? before.timeZone,
        expiresAt: changed(before.expiresAt, change.expiresAt),
        totalLimit: changed(before.totalLimit, change.totalLimit),
        dailyLimit: changed(before.dailyLimit, change.dailyLimit),
        allowedModels: changed(before.allowedModels, change.allowedModels),
        managedFields: change.managedFields ?? before.managedFields,
        disabledByOperator: changed(before.disabledByOperator, change.disabledByOperator),
      }),
    ),
  );

/** The entry about a key that was deleted. */
export const keyDeleted = (act: Act, key: ApiKey): AuditEntry =>
  auditEntry(act, targetOf(key), { before: keyValues(key) });

const inCredits = (milli: number | undefined) => (milli === undefined ? null : toCredits(milli));
