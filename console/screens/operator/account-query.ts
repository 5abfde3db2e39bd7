import { queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../../api/client.ts';
import { queryClient } from '../../api/queries.ts';
import type { components } from '../../api/schema.d.ts';

export type Account = components['schemas']['Account'];
export type AccountChange = components['schemas']['AccountPatch'];

/** An account, its credits and its limits. */
export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ['account', id],
    queryFn: ({ signal }) =>
      bodyOf(
        api.GET('/v1/admin/accounts/{account}', { signal, params: { path: { account: id } } }),
      ),
  });

export const changeAccount = (id: string, body: AccountChange) =>
  bodyOf(api.PATCH('/v1/admin/accounts/{account}', { params: { path: { account: id } }, body }));

/** Reads everything again that shows an account. */
export const refreshAccount = (id: string) =>
  Promise.all(
    [['account', id], ['entries', id], ['accounts'], ['audit']].map((queryKey) =>
      queryClient.invalidateQueries({ queryKey }),
    ),
  );
