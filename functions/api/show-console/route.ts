import { consolePath } from '../../domain/model/paths.ts';
import { defineRoute } from '../../runtime/route.ts';
import { consoleRoute } from '../console-route.ts';

export const route = defineRoute<undefined>()({ ...consoleRoute, path: consolePath, errors: [] });
