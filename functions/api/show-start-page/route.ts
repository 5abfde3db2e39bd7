import { defineRoute } from '../../runtime/route.ts';
import { consoleRoute } from '../console-route.ts';

/** The console, at the address that a deployment prints. A client that takes JSON alone gets the way on. */
export const route = defineRoute<undefined>()({ ...consoleRoute, path: '/', errors: [] });
