import { Problem } from '../../domain/model/problem.ts';
import { defineRoute } from '../../runtime/route.ts';

/** Takes every request that no other route matches. The OpenAPI document leaves it out. */
export const route = defineRoute<undefined>()({
  method: 'GET',
  path: '$default',
  function: 'service',
  access: 'public',
  errors: ['moved_permanently', 'not_found'],
});

/** The response to a request that no route matches. */
export const noRouteProblem = (method: string, path: string, query: string): Problem =>
  path.length > 1 && path.endsWith('/') ? trailingSlash(path, query) : noSuchRoute(method, path);

/**
 * The response to a path that ends with a slash: a redirect to the same path without the slash, with the same method,
 * body and query. Each part is encoded, so that the target is always a path of this API and never another host.
 */
export function trailingSlash(path: string, query: string): Problem {
  const parts = path.split('/').filter((part) => part !== '');
  const target = `/${parts.map(encodeURIComponent).join('/')}`;
  return new Problem(
    'moved_permanently',
    `No path here ends with a slash: send the request to ${target}.`,
    { headers: { location: query === '' ? target : `${target}?${query}` } },
  );
}

export const noSuchRoute = (method: string, path: string): Problem =>
  new Problem('not_found', `There is no ${method} ${path} here.`);
