import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { route } from './route.ts';

/** Serves the page for every name of an operation. The files of the console have addresses under `/console` only. */
export const handler = serve(route, async (request) => consoleFiles.screen(request));
