import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { noSuchRoute } from '../not-found/route.ts';
import { route } from './route.ts';

/** Serves the page for every name of an operation. The files of the console have addresses under `/console` only. */
export const handler = serve(route, async ({ rawPath, headers, method }) => {
  const response = consoleFiles.screen(rawPath, headers);
  if (!response) throw noSuchRoute(method, rawPath);
  return response;
});
