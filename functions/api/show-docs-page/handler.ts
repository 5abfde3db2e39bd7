import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { noSuchRoute } from '../not-found/route.ts';
import { route } from './route.ts';

/** The page for every name; files lie below `/console`, and none of them here. */
export const handler = serve(route, async ({ rawPath, headers, method }) => {
  const response = consoleFiles.screen(rawPath, headers);
  if (!response) throw noSuchRoute(method, rawPath);
  return response;
});
