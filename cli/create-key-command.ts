import { LambdaClient } from '@aws-sdk/client-lambda';
import { type Command, Option } from 'commander';
import { facts } from './facts.ts';
import { type IssuedKey, issueKey, type KeyOrder } from './issue-key.ts';
import { amount } from './numbers.ts';
import { keyShownOnce } from './shown-once.ts';

type Options = Omit<KeyOrder, 'scopes'> & {
  readonly function: string;
  readonly scope: readonly string[];
  readonly json?: true;
};

/** `keys create`: the way to the first key, when there is none yet to ask the API with. */
export function addCreateKey(program: Command): void {
  program
    .command('create')
    .description('make an API key, and its account when there is none')
    .requiredOption('--function <name>', 'the deployed function that issues keys')
    .option('--account <name>', 'whose key it is', 'default')
    .option('--name <name>', 'what to call the key', 'first')
    .addOption(
      new Option('--scope <scope...>', 'what it may do')
        .choices(['generate', 'admin'])
        .default(['generate']),
    )
    .option('--credits <amount>', 'credits to grant to the account', amount, 0)
    .option('--json', 'print the answer as JSON')
    .action(create);
}

async function create(options: Options): Promise<void> {
  const { account, name, scope: scopes, credits } = options;
  const client = new LambdaClient();
  const order = { account, name, scopes, credits };
  const issued = await issueKey(client, options.function, order).finally(() => client.destroy());
  console.log(options.json ? JSON.stringify(issued) : readable(issued));
}

function readable({ api_key, key_id, account, webhook_secret }: IssuedKey): string {
  const all = facts([
    ['API key', api_key],
    ['key id', key_id],
    ['account', account],
    ...(webhook_secret ? [['webhook secret', webhook_secret] as const] : []),
  ]);
  return `${all}\n\n${keyShownOnce}`;
}
