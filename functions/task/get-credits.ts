import type { Accounts } from './account.ts';
import type { ApiKey, ApiKeys } from './api-key.ts';
import type { Caller } from './identify.ts';
import { usedToday } from './ledger.ts';
import { toCredits } from './money.ts';
import type { Clock } from './ports.ts';
import { Problem } from './problem.ts';

type Needs = {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly keys: Pick<ApiKeys, 'find'>;
  readonly now: Clock;
};

/** What a caller has and has used: through this key (`token`) and as an account (`user`). */
export const getCredits =
  ({ accounts, keys, now }: Needs) =>
  async ({ account, keyId }: Pick<Caller, 'account' | 'keyId'>) => {
    const [has, key] = await Promise.all([accounts.find(account), keys.find(keyId)]);
    if (!has) throw new Error(`the account ${account} is not there`);
    if (!key) throw new Problem('unauthorized', 'The API key is not valid.');
    return {
      data: {
        token: {
          remaining_credits: toCredits(remaining(key, has.balance)),
          unlimited_credits: key.totalLimit === undefined,
          used_credits: toCredits(key.used),
          ...dailyOf(key, now()),
        },
        user: { remaining_credits: toCredits(has.balance), used_credits: toCredits(has.used) },
      },
      ...{ message: '', success: true },
    };
  };

// A key without a limit may spend what the account has.
const remaining = ({ totalLimit, used, reserved }: ApiKey, balance: number): number =>
  totalLimit === undefined ? balance : Math.max(0, totalLimit - used - reserved);

const dailyOf = (key: ApiKey, now: number) =>
  key.dailyLimit !== undefined && {
    daily_limit_credits: toCredits(key.dailyLimit),
    daily_used_credits: toCredits(usedToday(key, now)),
    reset_timezone: key.timeZone,
  };
