import { consoleCodes } from '../../adapters/aws/dynamodb/console-codes.ts';
import { openConsole } from '../../domain/accounts/console-session.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/manage-keys');
const open = openConsole({
  codes: consoleCodes(dynamo, { keys: env.KEY_TABLE, audit: env.AUDIT_TABLE }),
  now: Date.now,
  allowsReuse: env.ALLOW_LOOPBACK,
});

export const handler = serve(route, async ({ body: { code }, headers, requestId }) => ({
  body: await open({ code, host: headers['host'], requestId }),
}));
