import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { noSuchRoute } from '../not-found/route.ts';
import { route } from './route.ts';

export const handler = serve(route, async ({ rawPath, headers, method }) => {
  const response = consoleFiles.at(rawPath.slice('/console/'.length), headers);
  if (!response) throw noSuchRoute(method, rawPath);
  return response;
});
