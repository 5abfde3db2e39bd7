import * as z from 'zod';
import { idempotencyConflict, idempotencyRecordFor } from '../billing/idempotency.ts';
import type { Credit, Ledger } from '../billing/ledger.ts';
import type { Accounts, NewAccountBudget } from '../model/account.ts';
import { type ApiKeys, scopes } from '../model/api-key.ts';
import type { Act } from '../model/audit.ts';
import { canaryAccount } from '../model/canary.ts';
import type { Clock } from '../model/clock.ts';
import { patterns } from '../model/ids.ts';
import { modes } from '../model/mode.ts';
import { maxCredits, toMilliCredits } from '../model/money.ts';
import { isAccountName, isFreeName } from './account-request.ts';
import { ensureAccount } from './accounts.ts';
import { credited } from './audit-values.ts';
import { ConsoleCodeRequest, type IssuedCode } from './console-session.ts';
import { operatorOf } from './key-permissions.ts';
import { KeyRequest, scopesProblem } from './key-request.ts';
import { createKey } from './keys.ts';

/** The event of the function that issues keys, which an operator invokes with AWS credentials. */
export const IssueKeyRequest = z
  .object({
    account: z
      .string()
      .refine(isAccountName, 'must be 1 to 63 of a-z 0-9 -')
      .refine(isFreeName, 'is the name of an account of Darkroom itself')
      .default('default'),
    name: KeyRequest.shape.name.default('first'),
    scopes: z.array(z.enum(scopes)).min(1).default(['generate']),
    mode: z.enum(modes).default('live'),
    /** Credits to grant to the account together with the key. */
    credits: z.number().min(0).max(maxCredits).default(0),
    /** Send the same one when a response was lost and the request is repeated: the credits are granted once. */
    idempotency_key: z.string().regex(patterns.idempotencyKey).optional(),
  })
  .superRefine(({ mode, scopes: wanted }, context) => {
    const message = scopesProblem(mode, wanted);
    if (message) context.addIssue({ code: 'custom', path: ['scopes'], message });
  });
export type IssueKeyRequest = z.output<typeof IssueKeyRequest>;

/** The event with which the operator asks for a key of the canary. */
export const CanaryKeyRequest = z.strictObject({ canary: z.literal(true) });

/** The request for the key of the canary: a test key, in an account that no other event can name. */
export const canaryKeyRequest: IssueKeyRequest = {
  account: canaryAccount,
  name: canaryAccount,
  scopes: ['generate'],
  mode: 'test',
  credits: 0,
};

export type IssuedKey = {
  readonly api_key: string;
  readonly key_id: string;
  readonly account: string;
  /** Only when the account was created with the key. */
  readonly webhook_secret?: string | undefined;
};

type Deps = {
  readonly accounts: Accounts;
  readonly keys: ApiKeys;
  readonly ledger: Pick<Ledger, 'credit'>;
  readonly now: Clock;
  /** The daily budget of a new account. */
  readonly budget?: NewAccountBudget | undefined;
};

/**
 * Creates a key, and its account when there is none. The key is shown in this response and never again. The account, the
 * key and the grant each have an audit entry with this request id.
 */
export const issueKey =
  (deps: Deps) =>
  async (request: IssueKeyRequest, requestId: string): Promise<IssuedKey> => {
    const { account, name, scopes, mode, credits, idempotency_key } = request;
    const amount = toMilliCredits(credits); // throws before anything is written
    const act: Act = {
      operation: 'issueKey',
      at: deps.now(),
      actorKeyId: operatorOf(account).keyId,
      actorKeyName: 'AWS credentials',
      requestId,
    };
    const webhook_secret = await ensureAccount(deps, account, act);
    const { id: keyId, api_key } = await createKey(deps)(
      KeyRequest.parse({ account, name, scopes, mode }),
      operatorOf(account),
      act,
    );
    // Credits are granted last: a request that fails earlier has granted nothing and can be repeated.
    if (amount > 0) {
      await grant(deps, { account, amount, at: deps.now(), keyId }, idempotency_key, act);
    }
    return { api_key, key_id: keyId, account, webhook_secret };
  };

type Issuers = {
  readonly issueKey: (request: IssueKeyRequest, requestId: string) => Promise<IssuedKey>;
  readonly issueCode: (request: ConsoleCodeRequest, requestId: string) => Promise<IssuedCode>;
};

/**
 * Issues what an event asks for: a code of a link to the console, the key of the canary, or a key.
 * @throws {z.ZodError} when the event has none of these forms
 */
export const issueFor =
  ({ issueKey: issue, issueCode }: Issuers) =>
  async (event: unknown, requestId: string): Promise<IssuedKey | IssuedCode> => {
    if (hasField(event, 'console')) return issueCode(ConsoleCodeRequest.parse(event), requestId);
    if (!hasField(event, 'canary')) return issue(IssueKeyRequest.parse(event), requestId);
    CanaryKeyRequest.parse(event);
    return issue(canaryKeyRequest, requestId);
  };

const hasField = (event: unknown, name: string): boolean =>
  typeof event === 'object' && event !== null && name in event;

async function grant(
  { ledger }: Deps,
  credit: Credit,
  idempotencyKey: string | undefined,
  act: Act,
) {
  const { account, amount, at } = credit;
  const idempotency = idempotencyRecordFor('operator', idempotencyKey, { account, amount }, at);
  const result = await ledger.credit(credit, idempotency, credited(act, account));
  if (result.state === 'credited') return;
  if (result.state !== 'idempotency_key_used') {
    throw new Error(`the grant was rejected: ${result.state}`);
  }
  // The idempotency key was used for another request: success would mean that these credits were granted.
  if (result.requestHash !== idempotency?.requestHash) throw idempotencyConflict();
}
