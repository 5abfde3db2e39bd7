import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { acceptsOnlyJson, wayOn } from './for-clients.ts';
import { route } from './route.ts';

export const handler = serve(route, async ({ headers }) =>
  acceptsOnlyJson(headers['accept']) ? wayOn : consoleFiles.page(headers),
);
