import { serve } from '../../runtime/http.ts';
import { noRouteProblem, route } from './route.ts';

export const handler = serve(route, async ({ method, rawPath, rawQuery }) => {
  throw noRouteProblem(method, rawPath, rawQuery);
});
