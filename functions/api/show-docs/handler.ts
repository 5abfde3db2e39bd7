import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { route } from './route.ts';

export const handler = serve(route, async ({ headers }) => consoleFiles.page(headers));
