import {
  type ApiKey,
  type Caller,
  hasScope,
  type KeyChange,
  type ManagedField,
  managedFields,
  type Scope,
} from '../model/api-key.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import { accountNotFound } from './accounts.ts';
import { type KeyPatch, type KeyRequest, scopesProblem, wireNames } from './key-request.ts';

// Who may make, change and delete which API key. A caller with the scope `admin` is the operator. Any other
// caller has the scope `manage`: he manages keys of his own account, which never get more than his own key has.

/** Who makes or changes a key: a caller, or the operator through his AWS permissions. */
export type KeyManager = Pick<
  Caller,
  | 'keyId'
  | 'account'
  | 'scopes'
  | 'expiresAt'
  | 'totalLimit'
  | 'dailyLimit'
  | 'allowedModels'
  | 'isSession'
>;

/** The operator who calls with his AWS permissions, and so with no key at all. */
export const operatorOf = (account: string): KeyManager => ({
  keyId: 'operator',
  account,
  scopes: ['admin'],
});

const isOperator = ({ scopes }: KeyManager): boolean => hasScope(scopes, 'admin');

/** What a key with the scope `manage` can give to another. */
const givableScopes: ReadonlySet<Scope> = new Set<Scope>(['read', 'generate']);

/**
 * The account whose keys a caller means: his own if he names none.
 * @throws {Problem} `account_not_found` for the account of somebody else, as if there were none
 */
export function managedAccount(manager: KeyManager, account = manager.account): string {
  if (account !== manager.account && !isOperator(manager)) throw accountNotFound(account);
  return account;
}

/** Whether the caller may know that there is this key. */
export const isVisibleTo = (manager: KeyManager, { account }: ApiKey): boolean =>
  isOperator(manager) || account === manager.account;

/** What a new key may do. */
export type KeyLimits = Pick<ApiKey, ManagedField | 'managedFields'>;

/**
 * The limits of a new key. With the scope `manage`, a limit that the request leaves out is that of the caller's own key.
 * @throws {Problem} `permission_denied` when the caller may not give them
 */
export function limitsOfNewKey(manager: KeyManager, request: KeyRequest): KeyLimits {
  const requested = {
    scopes: request.scopes,
    timeZone: request.reset_timezone,
    expiresAt: request.expires_at ?? undefined,
    totalLimit: request.total_limit_credits ?? undefined,
    dailyLimit: request.daily_limit_credits ?? undefined,
    allowedModels: request.allowed_models ?? undefined,
  };
  if (isOperator(manager)) {
    forbidLastingAdminKey(manager, request.scopes);
    return requested;
  }
  requireGivable(manager, request);
  return {
    ...requested,
    expiresAt: requested.expiresAt ?? manager.expiresAt,
    totalLimit: requested.totalLimit ?? manager.totalLimit,
    dailyLimit: requested.dailyLimit ?? manager.dailyLimit,
    allowedModels: requested.allowedModels ?? manager.allowedModels,
    managedFields,
  };
}

/**
 * The change of a key that a request asks for.
 * @throws {Problem} `permission_denied` when the caller may not change this key, or not in this way; `invalid_request` for a
 *   scope that its mode does not have
 */
export function permittedChange(manager: KeyManager, key: ApiKey, patch: KeyPatch): KeyChange {
  requireManageable(manager, key);
  const message = scopesProblem(key.mode, patch.scopes);
  if (message) throw new Problem('invalid_request', message, { param: 'scopes' });
  const change: KeyChange = {
    name: patch.name,
    enabled: patch.enabled,
    scopes: patch.scopes,
    timeZone: patch.reset_timezone,
    expiresAt: patch.expires_at,
    totalLimit: patch.total_limit_credits,
    dailyLimit: patch.daily_limit_credits,
    allowedModels: patch.allowed_models,
  };
  if (key.isSession && changedFields(change).length > 0) {
    throw denied('key_id', 'A session cannot be changed, only disabled or deleted.');
  }
  if (isOperator(manager)) {
    const givesNothing = change.enabled !== true && changedFields(change).length === 0;
    if (!givesNothing) forbidLastingAdminKey(manager, [...key.scopes, ...(change.scopes ?? [])]);
    return { ...change, ...reservedForOperator(key, change) };
  }
  requireLeftToAccount(key, change);
  requireGivable(manager, patch);
  return change;
}

/**
 * A session of the console ends by itself, so it must not leave a lasting key that may do as much: it cannot make a key
 * with the scope `admin`, enable one, or change what it may do.
 * @throws {Problem} `permission_denied`
 */
function forbidLastingAdminKey(
  { isSession }: KeyManager,
  scopes: readonly Scope[] | undefined,
): void {
  if (!isSession || !scopes?.includes('admin')) return;
  throw denied(
    'scopes',
    'A session of the console cannot make or enable a key with the scope "admin", or change what it may do: use a key with that scope, or npm run keys.',
  );
}

const changedFields = (change: KeyChange): readonly ManagedField[] =>
  managedFields.filter((field) => change[field] !== undefined);

/** A field that the operator has set can then be changed only by the operator. */
function reservedForOperator({ managedFields: before }: ApiKey, change: KeyChange) {
  const changed = changedFields(change);
  const disabled = change.enabled ? null : true;
  return {
    managedFields: before?.filter((field) => !changed.includes(field)),
    disabledByOperator: change.enabled === undefined ? undefined : disabled,
  };
}

/** @throws {Problem} `permission_denied` when the operator has set what is to be changed */
function requireLeftToAccount(key: ApiKey, change: KeyChange): void {
  for (const field of changedFields(change)) {
    if (!key.managedFields?.includes(field)) throw setByOperator(wireNames[field]);
  }
  if (change.enabled && key.disabledByOperator) throw setByOperator('enabled');
}

/**
 * No key can change or delete itself. Only the operator changes or deletes a key with the scope `manage` or `admin`.
 * @throws {Problem} `permission_denied`
 */
export function requireManageable(manager: KeyManager, key: ApiKey): void {
  if (key.keyId === manager.keyId) {
    throw denied('key_id', 'A key cannot change or delete itself: do it with another key.');
  }
  if (!isOperator(manager) && hasScope(key.scopes, 'manage')) {
    throw denied(
      'key_id',
      'Only the operator changes or deletes a key with the scope "manage" or "admin".',
    );
  }
}

type Requested = Pick<
  KeyPatch,
  'scopes' | 'expires_at' | 'total_limit_credits' | 'daily_limit_credits' | 'allowed_models'
>;

/**
 * A request must not ask for more than the caller's own key has. A field that it leaves out is allowed.
 * @throws {Problem} `permission_denied`
 */
function requireGivable(manager: KeyManager, requested: Requested): void {
  const { expiresAt, totalLimit, dailyLimit, allowedModels } = manager;
  if (requested.scopes?.some((scope) => !givableScopes.has(scope))) {
    throw denied(
      'scopes',
      'A key with the scope "manage" can give only the scopes "read" and "generate".',
    );
  }
  requireAtMost('expires_at', requested.expires_at, expiresAt, (ms) => Math.floor(ms / 1000));
  requireAtMost('total_limit_credits', requested.total_limit_credits, totalLimit, toCredits);
  requireAtMost('daily_limit_credits', requested.daily_limit_credits, dailyLimit, toCredits);
  const { allowed_models: models } = requested;
  if (allowedModels && models !== undefined && !models?.every((id) => allowedModels.includes(id))) {
    const own = allowedModels.join(', ');
    throw denied('allowed_models', `allowed_models can be those of your own key only: ${own}.`);
  }
}

/** `null` asks for no limit, which is above every limit. */
function requireAtMost(
  param: string,
  requested: number | null | undefined,
  own: number | undefined,
  onWire: (value: number) => number,
): void {
  if (own === undefined || requested === undefined) return;
  if (requested !== null && requested <= own) return;
  throw denied(param, `${param} can be at most that of your own key, ${onWire(own)}.`);
}

const setByOperator = (field: keyof KeyPatch): Problem =>
  denied(field, `The operator has set ${field} of this key, and only the operator changes it.`);

const denied = (param: string, message: string): Problem =>
  new Problem('permission_denied', message, { param });
