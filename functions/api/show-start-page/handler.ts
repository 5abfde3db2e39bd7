import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { route } from './route.ts';
import { acceptsOnlyJson, serviceLinks } from './service-links.ts';

export const handler = serve(route, async ({ headers }) =>
  acceptsOnlyJson(headers['accept']) ? serviceLinks : consoleFiles.page(headers),
);
