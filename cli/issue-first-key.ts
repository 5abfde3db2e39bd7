import { randomUUID } from 'node:crypto';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { type Scope, scopes } from '../functions/domain/model/api-key.ts';
import { parseJson } from './api/api-caller.ts';
import { parseCredits, scopeHelp } from './program/arguments.ts';
import { CliError } from './program/cli-error.ts';
import { formatFields, keyShownOnce } from './program/format.ts';
import { escapeControls } from './program/terminal.ts';

/** The key to make, and the credits its account gets with it. */
type KeyRequest = {
  readonly account: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly credits: number;
  readonly mode: 'live' | 'test';
};

type Options = Omit<KeyRequest, 'scopes' | 'mode'> & {
  readonly function: string;
  readonly scope: readonly Scope[];
  readonly test?: true;
  readonly json?: true;
};

/** `keys create`: makes the first key, when there is no key yet to call the API with. */
export function addIssueFirstKey(program: Command): void {
  program
    .command('create')
    .description('make an API key, and its account if it does not exist')
    .requiredOption('--function <name>', 'the deployed function that issues keys')
    .option('--account <name>', 'the account of the key', 'default')
    .option('--name <name>', 'the name of the key', 'first')
    .addOption(new Option('--scope <scope...>', scopeHelp).choices(scopes).default(['generate']))
    .option('--credits <amount>', 'credits to grant to the account', parseCredits, 0)
    .option('--test', 'a test key: it uses the sandbox provider and play credits')
    .option('--json', 'print the response as JSON')
    .action(create);
}

async function create(options: Options): Promise<void> {
  const { account, name, scope, credits, test } = options;
  const client = new LambdaClient();
  const mode = test ? 'test' : 'live';
  const request = { account, name, scopes: scope, credits, mode } as const;
  const issued = await issueKey(client, options.function, request).finally(() => client.destroy());
  console.log(escapeControls(options.json ? JSON.stringify(issued) : formatIssuedKey(issued)));
}

export const IssuedKey = z.object({
  api_key: z.string(),
  key_id: z.string(),
  account: z.string(),
  // Present only when the account was made together with the key: it is shown once.
  webhook_secret: z.string().optional(),
});
type IssuedKey = z.output<typeof IssuedKey>;

function formatIssuedKey({ api_key, key_id, account, webhook_secret }: IssuedKey): string {
  const fields = formatFields([
    ['API key', api_key],
    ['key id', key_id],
    ['account', account],
    ...(webhook_secret ? [['webhook secret', webhook_secret] as const] : []),
  ]);
  return `${fields}\n\n${keyShownOnce}`;
}

/** Makes a key through the deployed function. The AWS permissions on that function decide who may do so. */
export async function issueKey(
  client: Pick<LambdaClient, 'send'>,
  functionName: string,
  request: KeyRequest,
): Promise<IssuedKey> {
  // The SDK invokes again when a response is lost; with this number the credits count once.
  const event = { ...request, idempotency_key: randomUUID() };
  const issued = IssuedKey.safeParse(await invoke(client, functionName, event));
  if (issued.success) return issued.data;
  throw new CliError(`${functionName} returned no key: is it the function that issues keys?`);
}

/** Invokes a deployed function. @throws {CliError} when it cannot be invoked, or refuses */
export async function invoke(
  client: Pick<LambdaClient, 'send'>,
  functionName: string,
  event: object,
): Promise<unknown> {
  const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) });
  const { FunctionError, Payload } = await client.send(command).catch((thrown: unknown) => {
    throw new CliError(`Cannot invoke ${functionName}: ${String(thrown)}`, { cause: thrown });
  });
  const response = parseJson(Payload?.transformToString() ?? '');
  if (FunctionError) throw new CliError(`${functionName} refused: ${parseFailure(response)}`);
  return response;
}

const LambdaFailure = z.object({ errorType: z.string().optional(), errorMessage: z.string() });
const ValidationIssues = z
  .array(z.object({ path: z.array(z.unknown()), message: z.string() }))
  .min(1);

function parseFailure(response: unknown): string {
  const failure = LambdaFailure.safeParse(response).data;
  if (!failure) return 'it failed without a reason';
  // When the input was invalid, the message is a JSON list of the schema's issues.
  const issues = ValidationIssues.safeParse(parseJson(failure.errorMessage)).data;
  return (
    issues?.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ??
    failure.errorMessage
  );
}
