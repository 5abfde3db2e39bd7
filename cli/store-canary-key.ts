import { LambdaClient } from '@aws-sdk/client-lambda';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Command } from 'commander';
import { IssuedKey, invoke } from './issue-first-key.ts';
import { CliError } from './program/cli-error.ts';

type Options = { readonly function: string; readonly secret: string };

/** `keys canary`: makes the test key of the canary and stores it, so that nobody sees it. */
export function addStoreCanaryKey(program: Command): void {
  program
    .command('canary')
    .description(
      'make the test key of the canary and store it: the command in the output CanaryKey',
    )
    .requiredOption('--function <name>', 'the deployed function that issues keys')
    .requiredOption('--secret <name>', 'the secret of the canary')
    .action(storeCanaryKey);
}

async function storeCanaryKey(options: Options): Promise<void> {
  const lambda = new LambdaClient();
  const secrets = new SecretsManagerClient();
  try {
    const response = await invoke(lambda, options.function, { canary: true });
    const issued = IssuedKey.safeParse(response);
    if (!issued.success) {
      throw new CliError(
        `${options.function} returned no key: is it the function that issues keys?`,
      );
    }
    const { api_key, key_id } = issued.data;
    const SecretString = JSON.stringify({ api_key });
    await secrets
      .send(new PutSecretValueCommand({ SecretId: options.secret, SecretString }))
      .catch((cause: unknown) => {
        throw new CliError(
          `Cannot write ${options.secret}: ${String(cause)}. The key ${key_id} was made and is of no use: darkroom keys delete ${key_id}`,
          { cause },
        );
      });
    console.log(
      `The canary has its key (${key_id}), and uses it from its next run on. Earlier ones can be deleted: darkroom keys list --account canary`,
    );
  } finally {
    lambda.destroy();
    secrets.destroy();
  }
}
