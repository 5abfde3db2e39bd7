import { Problem } from '../../domain/model/problem.ts';
import { serve } from '../../runtime/http.ts';
import { route } from './route.ts';

export const handler = serve(route, async ({ method, rawPath }) => {
  throw new Problem('not_found', `There is no ${method} ${rawPath} here.`);
});
