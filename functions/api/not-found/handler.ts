import { serve } from '../../runtime/http.ts';
import { noSuchRoute, route, trailingSlash } from './route.ts';

export const handler = serve(route, async ({ method, rawPath, rawQuery }) => {
  if (rawPath.length > 1 && rawPath.endsWith('/')) throw trailingSlash(rawPath, rawQuery);
  throw noSuchRoute(method, rawPath);
});
