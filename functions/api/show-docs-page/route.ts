import { defineRoute } from '../../runtime/route.ts';
import { consoleRoute } from '../console-route.ts';

/** The documentation of one operation, at an address of its own. */
export const route = defineRoute<undefined>()({
  ...consoleRoute,
  path: '/docs/{page}',
  params: {
    page: {
      description: 'The name of an operation, or of a page',
      schema: { type: 'string' },
      example: 'createTask',
    },
  },
  errors: ['not_found'],
});
