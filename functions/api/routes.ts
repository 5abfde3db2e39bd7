import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type RouteModule, routeKey } from '../runtime/route.ts';

/** A route and its folder, which has the declaration and the handler. */
export type LoadedRoute = RouteModule & { readonly folder: string };

/**
 * Every declared route: each folder here with a `route.ts` is one. The gateway's routes, the bundles and
 * the OpenAPI document are made from this list; no function loads it.
 * @throws {Error} when two folders declare the same method and path
 */
export async function loadRoutes(directory = import.meta.dirname): Promise<readonly LoadedRoute[]> {
  const folders = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|[\\/])route\.ts$/.test(path))
    .map((path) => join(directory, path, '..'))
    .sort();
  const routes = await Promise.all(
    folders.map(async (folder) => {
      const module: RouteModule = await import(pathToFileURL(join(folder, 'route.ts')).href);
      return { ...module, folder };
    }),
  );
  rejectAmbiguous(routes);
  return routes;
}

/** `/v1/tasks/{id}` and `/v1/tasks/{task_id}` are the same path. */
function rejectAmbiguous(routes: readonly LoadedRoute[]): void {
  const byKey = Map.groupBy(routes, ({ route }) => routeKey(route).replaceAll(/\{\w+\}/g, '{}'));
  for (const [key, [first, second]] of byKey) {
    if (first && second) {
      throw new Error(`${key} is declared twice: in ${first.folder} and in ${second.folder}`);
    }
  }
}
