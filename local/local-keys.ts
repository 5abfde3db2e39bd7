import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { nameOf } from './aws/template/intrinsics.ts';
import type { LocalStack } from './local-stack.ts';

export type LocalKeys = z.output<typeof LocalKeys>;
const LocalKeys = z.object({ apiKey: z.string(), adminKey: z.string(), webhookSecret: z.string() });

// Only a new account has a webhook secret in the response.
const IssuedKey = z.object({ api_key: z.string(), webhook_secret: z.string().default('') });

/**
 * The API keys of the local stack: issued at the first start by the operator's own function, and read
 * from a file after that.
 */
export async function loadOrIssueKeys(stack: LocalStack, file: string): Promise<LocalKeys> {
  if (existsSync(file)) return LocalKeys.parse(JSON.parse(readFileSync(file, 'utf8')));
  const caller = await issueKey(stack, { name: 'local', scopes: ['generate'], credits: 1000 });
  const admin = await issueKey(stack, { name: 'local-admin', scopes: ['admin'] });
  const keys = {
    apiKey: caller.api_key,
    adminKey: admin.api_key,
    webhookSecret: caller.webhook_secret,
  };
  writeFileSync(file, JSON.stringify(keys, undefined, 2), { mode: 0o600 });
  return keys;
}

/** Invokes the operator's function that issues a key. @throws {Error} when it fails */
export async function issueKey({ lambda, context }: LocalStack, request: object) {
  const [id] =
    Object.entries(context.template.resources).find(
      ([, { Properties }]) => Properties['Description'] === 'functions/events/issue-key.ts',
    ) ?? [];
  const result = await lambda.invoke(nameOf(id ?? '', context), request);
  if (!result.ok) throw new Error(`No key could be issued: ${result.errorMessage}`);
  return IssuedKey.parse(result.payload);
}
