import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../functions/adapters/aws/dynamodb/account-table.ts';
import { credits } from '../functions/adapters/aws/dynamodb/credits.ts';
import { keyTable } from '../functions/adapters/aws/dynamodb/key-table.ts';
import { hashOfKey, keyIdOf } from '../functions/domain/model/api-key.ts';
import { startDynamoDb } from '../local/aws/dynamodb/start-dynamodb.ts';
import { startSecrets } from '../local/aws/secrets/secrets.ts';
import { startStepFunctions } from '../local/aws/step-functions/step-functions.ts';
import { machinesOf } from '../local/aws/template/read-machines.ts';
import { secretsOf } from '../local/aws/template/read-secrets.ts';
import { tablesOf } from '../local/aws/template/read-tables.ts';
import { sampleKey } from '../test/support/tasks.ts';
import { contextOf } from './synthesised-stack.ts';
import { tableNamesOf } from './table-names.ts';
import { keyOfCaller } from './throughput-events.ts';

// A process of its own for the services that the two functions call, so that the CPU time of the functions
// can be measured alone. Executions stay in their first state, whose function never returns.

const [outdir = '', callers = '1'] = process.argv.slice(2);
const context = contextOf(outdir);
const tables = tablesOf(context);
const [dynamodb, secrets, workflow] = await Promise.all([
  startDynamoDb({ tables }),
  startSecrets({ secrets: secretsOf(context), directory: join(outdir, 'secrets') }),
  startStepFunctions({
    machines: machinesOf(context),
    invoke: () => new Promise(() => undefined),
    speed: 1 / 1000, // so slow that nothing times out
  }),
]);

const client = new DynamoDBClient({ endpoint: dynamodb.url });
const names = tableNamesOf(tables);
for (let caller = 0; caller < Number(callers); caller += 1) await openAccount(caller);

process.send?.({
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  AWS_ENDPOINT_URL_SFN: workflow.url,
});

// Every caller has its own account. Callers of one account wait for each other; `ledger.ts` measures that.
async function openAccount(caller: number): Promise<void> {
  const account = `account-${caller}`;
  const hash = hashOfKey(keyOfCaller(caller));
  const at = Date.now();
  const limits = { tasksInFlight: 1_000_000, requestsPerMinute: 1_000_000 };
  const record = { account, userGroup: 'default', limits, webhookSecret: 'none', createdAt: at };
  await accountTable(client, names.accounts).add(record);
  await keyTable(client, names, Date.now).add(sampleKey({ account, hash, keyId: keyIdOf(hash) }));
  await credits(client, names).credit({ account, amount: 1e12, at });
}
