import { consolePath } from '../../domain/model/paths.ts';
import { defineRoute } from '../../runtime/route.ts';
import { consoleRoute } from '../console-route.ts';

/** A file of the console, or the page itself: every screen has an address of its own. */
export const route = defineRoute<undefined>()({
  ...consoleRoute,
  path: `${consolePath}/{file+}`,
  params: {
    file: {
      description: 'The path of a file, or of a screen',
      schema: { type: 'string' },
      example: 'tasks',
    },
  },
  errors: ['not_found'],
});
