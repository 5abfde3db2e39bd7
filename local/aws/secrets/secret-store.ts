import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readJsonFile, writeJsonFile } from '../json-file.ts';
import type { SecretDefinition } from '../template/read-secrets.ts';
import { generateSecret } from './generate-secret.ts';

type StoredSecret = z.infer<typeof StoredSecret>;

// The first version is AWSCURRENT, the second AWSPREVIOUS; older ones are deleted.
const StoredSecret = z.object({
  createdMs: z.number(),
  versions: z
    .array(z.object({ id: z.string(), secretString: z.string(), createdMs: z.number() }))
    .max(2),
});

export type SecretStore = {
  find(secretId: string): SecretDefinition | undefined;
  read(secret: SecretDefinition): StoredSecret;
  write(secret: SecretDefinition, versionId: string, secretString: string): void;
};

/** One JSON file for each secret. A secret without a file gets its first value as its template says. */
export function secretStore(
  directory: string,
  secrets: readonly SecretDefinition[],
  now: () => number,
): SecretStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const fileOf = ({ name }: SecretDefinition) =>
    join(directory, `${encodeURIComponent(name)}.json`);

  const read = (secret: SecretDefinition) => readJsonFile(StoredSecret, fileOf(secret));
  const save = (secret: SecretDefinition, stored: StoredSecret) =>
    writeJsonFile(fileOf(secret), stored);

  for (const secret of secrets) {
    if (existsSync(fileOf(secret))) {
      read(secret); // a damaged one stops the start
      continue;
    }
    const secretString = firstValue(secret);
    const versions = secretString === undefined ? [] : [version(randomUUID(), secretString, now())];
    save(secret, { createdMs: now(), versions });
  }

  return {
    read,
    write(secret, versionId, secretString) {
      const { createdMs, versions } = read(secret);
      const [current] = versions;
      const previous = current ? [current] : [];
      save(secret, { createdMs, versions: [version(versionId, secretString, now()), ...previous] });
    },
    // By name, by ARN, or by ARN without the six characters at its end.
    find: (secretId) =>
      secrets.find(({ name, arn }) => [name, arn, arn.slice(0, -7)].includes(secretId)),
  };
}

const firstValue = ({ secretString, generate }: SecretDefinition) =>
  secretString ?? (generate && generateSecret(generate));

const version = (id: string, secretString: string, createdMs: number) => ({
  id,
  secretString,
  createdMs,
});
