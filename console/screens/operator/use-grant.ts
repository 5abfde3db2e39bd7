import { useSyncExternalStore } from 'react';
import { isUnclear } from '../../api/api-error.ts';
import { api, bodyOf } from '../../api/client.ts';
import { useAction } from '../../parts/use-action.ts';
import { refreshAccount } from './account-query.ts';
import { type Grant, makeGrants } from './grants.ts';

const newKey = (): string =>
  `console-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

const grants = makeGrants({
  newKey,
  isUnclear,
  send: (account, body, key) => {
    const params = { path: { account }, header: { 'Idempotency-Key': key } };
    return bodyOf(api.POST('/v1/admin/accounts/{account}/credits', { params, body }));
  },
});

export const forgetGrants = grants.forget;

/**
 * Grants credits to an account: `mutate` begins the grant that it is given, or repeats the open one without an argument.
 */
export function useGrant(account: string) {
  const open = useSyncExternalStore(grants.subscribe, () => grants.of(account));
  const action = useAction({
    mutationFn: (grant: Grant | undefined) =>
      grant ? grants.begin(account, grant) : grants.repeat(account),
    // Not awaited, because the outcome of the grant is known.
    onSettled: () => void refreshAccount(account),
  });
  const drop = action.unlessRunning(() => {
    grants.drop(account);
    action.reset();
  });
  // A grant that was sent on an earlier visit to this page counts as well.
  return { ...action, open, drop, isBusy: action.isPending || open?.isSending === true };
}
