import { openRoute } from '../runtime/http.ts';
import { Problem } from '../task/problem.ts';

export const handler = openRoute(async (_, { requestContext: { http } }) => {
  throw new Problem('not_found', `There is no ${http.method} ${http.path} here.`);
});
