import { defineRoute } from '../../runtime/route.ts';
import { consoleRoute } from '../console-route.ts';

/** The documentation of the API: a screen of the console that needs no key. */
export const route = defineRoute<undefined>()({ ...consoleRoute, path: '/docs', errors: [] });
