import { defineRoute } from '../../runtime/route.ts';
import { consoleRoute } from '../console-route.ts';

/** The console, at the address that a deployment prints. A client that accepts only JSON gets links to the API instead. */
export const route = defineRoute<undefined>()({ ...consoleRoute, path: '/', errors: [] });
