import { serve } from '../../runtime/http.ts';
import { noSuchRoute, route } from './route.ts';

export const handler = serve(route, async ({ method, rawPath }) => {
  throw noSuchRoute(method, rawPath);
});
