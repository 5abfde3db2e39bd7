import * as z from 'zod';
import { codeLifeMs, sessionIdleMs } from '../../domain/model/console-code.ts';
import { spellDuration } from '../../domain/model/duration.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import { newKey } from '../admin-examples.ts';
import * as ids from '../example-ids.ts';
import { ConsoleSession } from './response.ts';

export const response = ConsoleSession;

const rule = 'code must be the code of a link to the console';

const Body = z.object(
  { code: z.string(rule).max(200, rule) },
  'The body must be a JSON object with the code.',
);

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/console/sessions',
  function: 'manage-keys',
  access: 'public',
  // The limit is for all callers together. A stranger who used it up would keep the operator out, so it is high. It need
  // not stop guesses: there are 2^256 codes.
  throttle: { requestsPerSecond: 100, burst: 200 },
  body: jsonBody(Body),
  errors: ['invalid_request', 'unauthorized', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'openConsole',
  tag: 'Keys',
  summary: 'Sign in to the console',
  description: `Exchanges the code of a link that \`npm run keys -- console\` printed for a session. A code works once, and for ${spellDuration(codeLifeMs)}.`,
  body: {
    name: 'ConsoleCodeRequest',
    fields: {
      '': { description: 'The code' },
      code: { description: 'The part of the link after `#code=`' },
    },
    examples: { link: { code: `once-${'0123456789'.repeat(4)}abc` } },
  },
  response: {
    name: 'ConsoleSession',
    description: 'The session',
    examples: {
      session: {
        object: 'console_session',
        api_key: newKey.api_key,
        key_id: ids.keyId,
        expires_at: 1_772_472_600,
        idle_seconds: sessionIdleMs / 1000,
      },
    },
  },
});
