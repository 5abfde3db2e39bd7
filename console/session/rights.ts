import { useQuery } from '@tanstack/react-query';
import { creditsQuery, type Scope } from '../api/queries.ts';

/** What the key may do, as the API says. Nothing is known before the first response. */
export function useRights() {
  const { data } = useQuery(creditsQuery);
  const scopes: readonly Scope[] = data?.token.scopes ?? [];
  const has = (...wanted: readonly Scope[]) => wanted.some((one) => scopes.includes(one));
  return {
    isKnown: data !== undefined,
    keyId: data?.token.id,
    keyName: data?.token.name,
    scopes,
    mayGenerate: has('generate'),
    mayManage: has('manage', 'admin'),
    isOperator: has('admin'),
  };
}

/** What a scope allows, in a sentence. */
export const scopeTexts: Readonly<Record<Scope, string>> = {
  read: 'Look at tasks, images and usage',
  generate:
    'Look at tasks, images and usage; create, cancel and delete tasks, which spends credits',
  manage: 'Look at tasks, images and usage; manage the keys and the webhook secret of the account',
  admin: 'Manage every account',
};
