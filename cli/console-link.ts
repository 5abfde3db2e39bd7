import { userInfo } from 'node:os';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { invoke } from './issue-first-key.ts';
import { CliError } from './program/cli-error.ts';
import { escapeControls } from './program/terminal.ts';

type Options = {
  readonly function: string;
  readonly url: string;
  readonly name: string;
  readonly json?: true;
};

/** `keys console`: prints a link with which the operator opens the console, once. */
export function addConsoleLink(program: Command): void {
  program
    .command('console')
    .description('print a link that signs you in to the console as the operator, once')
    .requiredOption('--function <name>', 'the deployed function that issues keys')
    .requiredOption('--url <address>', 'the address of the deployment: the output Url', parseOrigin)
    .option(
      '--name <name>',
      'your name, as the audit log and the list of sessions show it',
      userName(),
    )
    .option('--json', 'print the response as JSON')
    .action(printLink);
}

async function printLink({ function: name, url, name: who, json }: Options): Promise<void> {
  const client = new LambdaClient();
  const link = await consoleLink(client, name, { url, who }).finally(() => client.destroy());
  console.log(escapeControls(json ? JSON.stringify(link) : formatLink(link)));
}

const IssuedCode = z.object({ code: z.string().regex(/^[\w-]+$/), expires_at: z.number() });

type ConsoleLink = { readonly link: string; readonly expires_at: number };

/**
 * Lets the deployed function make a code, and puts the code behind the # of an address: browsers send that part to
 * nobody.
 */
export async function consoleLink(
  client: Pick<LambdaClient, 'send'>,
  functionName: string,
  { url, who }: { readonly url: string; readonly who: string },
): Promise<ConsoleLink> {
  const response = await invoke(client, functionName, { console: { name: who } });
  const issued = IssuedCode.safeParse(response);
  if (!issued.success) {
    throw new CliError(`${functionName} returned no code: is it the function that issues keys?`);
  }
  const { code, expires_at } = issued.data;
  return { link: `${url}/console#code=${code}`, expires_at };
}

const formatLink = ({ link, expires_at }: ConsoleLink): string =>
  `${link}\n\nIt works once, until ${new Date(expires_at * 1000).toISOString()}. Whoever opens it is the operator for eight hours.`;

/** @throws {InvalidArgumentError} for a text that is no address: the printed link would be useless */
function parseOrigin(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.username === '') return url.origin;
  throw new InvalidArgumentError('It must be an address like https://darkroom.example.com.');
}

/** The user name in the operating system, because the SDK does not say whose credentials it uses. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'operator'; // a user id without a name
  }
}
