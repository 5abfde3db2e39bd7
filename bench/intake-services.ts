import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../functions/aws/account-table.ts';
import { credits } from '../functions/aws/credits.ts';
import { keyTable } from '../functions/aws/key-table.ts';
import { hashOfKey, keyIdOf } from '../functions/task/api-key.ts';
import { startDynamoDb } from '../local/dynamodb/start-dynamodb.ts';
import { startSecrets } from '../local/secrets/secrets.ts';
import { startStepFunctions } from '../local/step-functions/step-functions.ts';
import { machinesOf } from '../local/template/read-machines.ts';
import { secretsOf } from '../local/template/read-secrets.ts';
import { tablesOf } from '../local/template/read-tables.ts';
import { sampleKey } from '../test/support/tasks.ts';
import { keyOfCaller } from './intake-events.ts';
import { contextOf } from './our-stack.ts';

// A process of its own: what the two functions speak to, so that their own is theirs alone. The workflow
// stands still in its first state, whose function never answers.

const [outdir = '', callers = '1'] = process.argv.slice(2);
const context = contextOf(outdir);
const tables = tablesOf(context);
const [dynamodb, secrets, workflow] = await Promise.all([
  startDynamoDb({ tables }),
  startSecrets({ secrets: secretsOf(context), directory: join(outdir, 'secrets') }),
  startStepFunctions({
    machines: machinesOf(context),
    invoke: () => new Promise(() => undefined),
    speed: 1 / 1000, // nor does anything time out
  }),
]);

const client = new DynamoDBClient({ endpoint: dynamodb.url });
const named = (part: string) =>
  tables.find(({ TableName }) => TableName.includes(`Tables${part}`))?.TableName ?? '';
for (let caller = 0; caller < Number(callers); caller += 1) await openAccount(caller);

process.send?.({
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  AWS_ENDPOINT_URL_SFN: workflow.url,
});

// An account for each of them: those who share one wait for each other, which the ledger's table is about.
async function openAccount(caller: number): Promise<void> {
  const [account, hash, at] = [`account-${caller}`, hashOfKey(keyOfCaller(caller)), Date.now()];
  const limits = { tasksInFlight: 1_000_000, requestsPerMinute: 1_000_000 };
  const made = { account, userGroup: 'default', limits, webhookSecret: 'none', createdAt: at };
  await accountTable(client, named('Accounts')).add(made);
  await keyTable(client, named('Keys'), Date.now).add(
    sampleKey({ account, hash, keyId: keyIdOf(hash) }),
  );
  const names = { accounts: named('Accounts'), idempotency: named('Idempotency') };
  await credits(client, names).credit({ account, amount: 1e12, at });
}
