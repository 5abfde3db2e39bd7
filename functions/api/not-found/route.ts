import { Problem } from '../../domain/model/problem.ts';
import { defineRoute } from '../../runtime/route.ts';

/** Every request that no other route matches. It is in no document. */
export const route = defineRoute<undefined>()({
  method: 'GET',
  path: '$default',
  function: 'service',
  access: 'public',
  errors: ['not_found'],
});

export const noSuchRoute = (method: string, path: string): Problem =>
  new Problem('not_found', `There is no ${method} ${path} here.`);
