import { once } from 'node:events';
import { latencyPause } from '../local/aws/dynamodb/pause.ts';
import { startDynamoDb } from '../local/aws/dynamodb/start-dynamodb.ts';
import { tablesOf } from '../local/aws/template/read-tables.ts';
import { synthesiseTemplate } from '../test/support/template.ts';
import { ledgerLatency } from './ledger-latency.ts';

// A process of its own for the local stack's DynamoDB, so that the callers do not take processor time from it.

const tables = tablesOf({ template: synthesiseTemplate() });
const { url, close } = await startDynamoDb({ tables, pause: latencyPause(ledgerLatency) });
process.send?.({ url });
await once(process, 'disconnect');
await close();
