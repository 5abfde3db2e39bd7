import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { route } from './route.ts';
import { startPage } from './service-links.ts';

export const handler = serve(route, async ({ headers }) =>
  startPage(headers['accept'], () => consoleFiles.page(headers)),
);
