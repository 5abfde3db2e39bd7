export type Match<R> = {
  readonly route: R;
  readonly pathParameters: Readonly<Record<string, string>> | undefined;
};

type Compiled<R> = {
  readonly route: R;
  readonly method: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly rank: string;
};

/**
 * Finds the route of a request by API Gateway's precedence: in each segment a fixed text before
 * `{name}` before `{name+}`, then the method itself before `ANY`, and `$default` when no other matches.
 */
export function router<R extends { readonly key: string }>(routes: readonly R[]) {
  const fallback = routes.find(({ key }) => key === '$default');
  const compiled = routes
    .filter((route) => route !== fallback)
    .map(compile)
    .sort((one, other) => (one.rank < other.rank ? -1 : 1));

  return (method: string, path: string): Match<R> | undefined => {
    for (const { route, pattern, names, ...candidate } of compiled) {
      const isMethod = candidate.method === 'ANY' || candidate.method === method;
      const found = isMethod ? pattern.exec(path) : null;
      if (found) return { route, pathParameters: parameters(names, found.slice(1)) };
    }
    return fallback && { route: fallback, pathParameters: undefined };
  };
}

/** The routes that could get a request to this path or below it. `$default` is not one: it gets what is left. */
export const routesBelow = <R extends { readonly key: string }>(
  routes: readonly R[],
  prefix: string,
): readonly R[] => {
  const wanted = segmentsOf(prefix);
  return routes.filter(({ key }) => {
    const [, path] = key.split(' ');
    if (path === undefined) return false;
    const segments = segmentsOf(path);
    const isGreedy = segments.at(-1)?.endsWith('+}') === true;
    const isLongEnough = segments.length >= wanted.length || isGreedy;
    return isLongEnough && segments.every((segment, index) => covers(segment, wanted[index]));
  });
};

const segmentsOf = (path: string) => path.split('/').slice(1);

const covers = (segment: string, wanted: string | undefined): boolean =>
  wanted === undefined || segment === wanted || segment.startsWith('{');

function compile<R extends { readonly key: string }>(route: R): Compiled<R> {
  const [method = '', path = ''] = route.key.split(' ');
  const segments = path.split('/').map((segment) => {
    const [, name, isGreedy] = /^\{([^}+]+)(\+?)\}$/.exec(segment) ?? [];
    if (name === undefined) return { rank: '0', source: escaped(segment), names: [] };
    return isGreedy
      ? { rank: '2', source: '(.+)', names: [name] }
      : { rank: '1', source: '([^/]+)', names: [name] };
  });
  return {
    route,
    method,
    pattern: new RegExp(`^${segments.map(({ source }) => source).join('/')}$`),
    names: segments.flatMap(({ names }) => names),
    rank: segments.map(({ rank }) => rank).join('') + (method === 'ANY' ? 'b' : 'a'),
  };
}

const parameters = (names: readonly string[], values: readonly string[]) =>
  names.length === 0
    ? undefined
    : Object.fromEntries(
        names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]),
      );

const escaped = (text: string) => text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
