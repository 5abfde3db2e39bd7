import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Argument, type Command } from 'commander';
import * as z from 'zod';
import { providerAdapters } from '../functions/adapters/providers/registry.ts';
import { tryProviderKey } from '../functions/adapters/providers/try-key.ts';
import { secretTtlMs } from '../functions/domain/model/cache.ts';
import { type LiveProviderName, providerNames } from '../functions/domain/model/catalogue.ts';
import { spellDuration } from '../functions/domain/model/duration.ts';
import { parseJson } from './api/api-caller.ts';
import { CliError } from './program/cli-error.ts';
import { readSecret } from './program/read-secret.ts';

type Options = {
  readonly secret: string;
  readonly url?: string;
  readonly try: boolean;
  readonly remove?: true;
};

/** `keys provider`: tries the API key of a provider and stores it, so that it stands in no shell history. */
export function addStoreProviderKey(program: Command): void {
  program
    .command('provider')
    .description("store a provider's API key, which is asked for or read from stdin")
    .addArgument(new Argument('<provider>', 'whose key it is').choices(providerNames))
    .requiredOption('--secret <name>', "the secret of the providers' keys: the output ProviderKeys")
    .option(
      '--url <origin>',
      'the address of the provider, if the settings of the deployment have a url for it',
    )
    .option('--no-try', 'store it without trying it')
    .option('--remove', 'remove the key: the provider is left out')
    .action(storeProviderKey);
}

async function storeProviderKey(provider: LiveProviderName, options: Options): Promise<void> {
  const client = new SecretsManagerClient();
  try {
    const stored = await readKeys(client, options.secret);
    if (options.remove) {
      const { [provider]: removed, ...others } = stored;
      if (removed === undefined) throw new CliError(`There is no key of ${provider}`);
      await writeKeys(client, options.secret, others);
      return console.log(`The key of ${provider} is removed. ${delay}`);
    }
    const key = await readSecret(`API key of ${provider}: `);
    if (!/^[\x21-\x7e]+$/.test(key)) throw new CliError('This is no API key: it has spaces in it');
    const url = options.url ?? providerAdapters[provider].url.default;
    if (options.try) await tryKey(provider, url, key);
    await writeKeys(client, options.secret, Object.assign({}, stored, { [provider]: key }));
    console.log(`The key of ${provider} ${options.try ? 'works and ' : ''}is stored. ${delay}`);
  } finally {
    client.destroy();
  }
}

const delay = `Functions that run use it within ${spellDuration(secretTtlMs)}.`;

/**
 * Asks the provider with this key for a job that does not exist.
 * @throws {CliError} when it rejects the key, or does not say
 */
async function tryKey(provider: LiveProviderName, baseUrl: string, key: string): Promise<void> {
  const { result, status } = await tryProviderKey(provider, baseUrl, key);
  if (result === 'accepted') return;
  if (result === 'rejected') {
    throw new CliError(
      `${provider} at ${new URL(baseUrl).host} rejects this key (${status}); nothing is stored. If it is the key of another region, name the origin that the deployment has as providers.${provider}.url: --url <origin>`,
    );
  }
  throw new CliError(
    `${provider} at ${new URL(baseUrl).host} did not say whether it accepts the key (${status ?? 'no response'}); nothing is stored. --no-try stores it all the same`,
  );
}

const Keys = z.record(z.string(), z.string());

/** A secret that was never set holds a generated text. Values that are no key of a provider stay in it. */
async function readKeys(
  client: SecretsManagerClient,
  SecretId: string,
): Promise<Readonly<Record<string, string>>> {
  const { SecretString = '' } = await client
    .send(new GetSecretValueCommand({ SecretId }))
    .catch(failed(`Cannot read ${SecretId}`));
  const keys = Keys.safeParse(parseJson(SecretString));
  // The text is not quoted: it may be a key.
  if (!keys.success) throw new CliError(`${SecretId} does not hold the keys of providers`);
  return keys.data;
}

async function writeKeys(
  client: SecretsManagerClient,
  SecretId: string,
  keys: Readonly<Record<string, string>>,
): Promise<void> {
  const SecretString = JSON.stringify(keys);
  await client
    .send(new PutSecretValueCommand({ SecretId, SecretString }))
    .catch(failed(`Cannot write ${SecretId}`));
}

const failed = (what: string) => (thrown: unknown) => {
  throw new CliError(`${what}: ${String(thrown)}`, { cause: thrown });
};
