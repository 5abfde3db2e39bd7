import { existsSync } from 'node:fs';
import * as z from 'zod';
import { readJsonFile, writeJsonFile } from './aws/json-file.ts';
import { nameOf } from './aws/template/intrinsics.ts';
import type { LocalStack } from './local-stack.ts';

export type LocalKeys = StoredKeys & { readonly testKey: string };
type StoredKeys = z.output<typeof StoredKeys>;
const StoredKeys = z.object({
  apiKey: z.string(),
  adminKey: z.string(),
  webhookSecret: z.string(),
  /** The file of an earlier version lacks it. */
  testKey: z.string().optional(),
});

// Only a new account has a webhook secret in the response.
const IssuedKey = z.object({ api_key: z.string(), webhook_secret: z.string().default('') });

/**
 * The API keys of the local stack: issued at the first start by the operator's own function, and read
 * from a file after that.
 */
export async function loadOrIssueKeys(stack: LocalStack, file: string): Promise<LocalKeys> {
  if (existsSync(file)) return withTestKey(stack, file, readJsonFile(StoredKeys, file));
  const caller = await issueKey(stack, { name: 'local', scopes: ['generate'], credits: 1000 });
  const admin = await issueKey(stack, { name: 'local-admin', scopes: ['admin'] });
  return withTestKey(stack, file, {
    apiKey: caller.api_key,
    adminKey: admin.api_key,
    webhookSecret: caller.webhook_secret,
  });
}

/** The stored keys. If the file is of an earlier version, it has no test key, and one is issued. */
async function withTestKey(
  stack: LocalStack,
  file: string,
  stored: StoredKeys,
): Promise<LocalKeys> {
  const { testKey } = stored;
  if (testKey !== undefined) return { ...stored, testKey };
  const test = await issueKey(stack, { name: 'local-test', mode: 'test' });
  const keys = { ...stored, testKey: test.api_key };
  writeJsonFile(file, keys);
  return keys;
}

const IssuedCode = z.object({ code: z.string() });

/** The address with which the operator opens the console here. It works any number of times while the stack runs. */
export async function issueConsoleLink(stack: LocalStack): Promise<string> {
  const console = { name: 'local operator', reusable: true };
  const { code } = IssuedCode.parse(await invokeIssueKey(stack, { console }));
  return `${stack.url}/console#code=${code}`;
}

/** Issues a key by the operator's function. @throws {Error} when it fails */
export async function issueKey(stack: LocalStack, request: object) {
  return IssuedKey.parse(await invokeIssueKey(stack, request));
}

/** Invokes the operator's function with an event. @throws {Error} when it fails */
export async function invokeIssueKey({ lambda, context }: LocalStack, request: object) {
  const [id] =
    Object.entries(context.template.resources).find(
      ([, { Properties }]) => Properties['Description'] === 'events/issue-key',
    ) ?? [];
  const result = await lambda.invoke(nameOf(id ?? '', context), request);
  if (!result.ok) throw new Error(`No key could be issued: ${result.errorMessage}`);
  return result.payload;
}
