import { consolePath } from '../../domain/model/paths.ts';
import { serve } from '../../runtime/http.ts';
import { consoleFiles } from '../console-files.ts';
import { route } from './route.ts';

export const handler = serve(route, async (request) => consoleFiles.at(consolePath, request));
