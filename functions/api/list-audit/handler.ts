import { auditTable } from '../../adapters/aws/dynamodb/audit-table.ts';
import { listAudit } from '../../domain/accounts/list-audit.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const list = listAudit({ audit: auditTable(dynamo, env.AUDIT_TABLE), now: Date.now });

export const handler = serve(route, async ({ query }) => ({ body: await list(query) }), callers);
