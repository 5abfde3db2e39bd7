import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { Laptop } from './laptop.ts';
import { nameOf } from './template/intrinsics.ts';

const FirstKeys = z.object({ apiKey: z.string(), adminKey: z.string(), webhookSecret: z.string() });
export type FirstKeys = z.output<typeof FirstKeys>;

// The secret comes with a new account only.
const Issued = z.object({ api_key: z.string(), webhook_secret: z.string().default('') });

/** The keys of the laptop: made by the operator's own function at the first start, kept in a file since. */
export async function firstKeys(laptop: Laptop, file: string): Promise<FirstKeys> {
  if (existsSync(file)) return FirstKeys.parse(JSON.parse(readFileSync(file, 'utf8')));
  const caller = await issueKey(laptop, { name: 'laptop', scopes: ['generate'], credits: 1000 });
  const admin = await issueKey(laptop, { name: 'laptop-admin', scopes: ['admin'] });
  const keys = {
    apiKey: caller.api_key,
    adminKey: admin.api_key,
    webhookSecret: caller.webhook_secret,
  };
  writeFileSync(file, JSON.stringify(keys, undefined, 2), { mode: 0o600 });
  return keys;
}

/** Has the operator's function make a key. @throws {Error} when it refuses */
export async function issueKey({ lambda, context }: Laptop, order: object) {
  const [id] =
    Object.entries(context.template.resources).find(
      ([, { Properties }]) => Properties['Description'] === 'functions/events/issue-key.ts',
    ) ?? [];
  const answer = await lambda.invoke(nameOf(id ?? '', context), order);
  if (!answer.ok) throw new Error(`No key could be made: ${answer.errorMessage}`);
  return Issued.parse(answer.payload);
}
