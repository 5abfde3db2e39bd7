import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../aws-error.ts';
import { type Authorizer, allowAll } from '../iam/authorizer.ts';
import { createJsonServer } from '../json-server.ts';
import { listen, type RunningServer } from '../listen.ts';
import type { SecretDefinition } from '../template/read-secrets.ts';
import { type SecretStore, secretStore } from './secret-store.ts';

type Options = {
  readonly secrets: readonly SecretDefinition[];
  readonly directory: string;
  readonly port?: number;
  readonly now?: () => number;
  /** Checks permissions; without it every caller may do everything. */
  readonly authorize?: Authorizer;
};

type Operation = (input: unknown, store: SecretStore) => object;

const SecretId = z.object({ SecretId: z.string() });
// Strict, so that a member that is not read here is an error.
const Describe = z.strictObject({ SecretId: z.string() });
const Get = Describe.extend({
  VersionId: z.string().optional(),
  VersionStage: z.string().optional(),
});
const Put = Describe.extend({
  SecretString: z.string('the local stack stores text only'),
  VersionStages: z
    .tuple([z.literal('AWSCURRENT')], 'the local stack stores every new version as AWSCURRENT')
    .optional(),
  ClientRequestToken: z.string().default(() => randomUUID()),
});

const stages = ['AWSCURRENT', 'AWSPREVIOUS'] as const;

const operations: Readonly<Record<string, Operation>> = {
  GetSecretValue(input, store) {
    const { SecretId, VersionId, VersionStage } = parse(Get, input);
    const secret = findSecret(SecretId, store);
    const { versions } = store.read(secret);
    const stage = VersionStage ?? stages[0];
    const index = versions.findIndex(({ id }, at) =>
      VersionId === undefined ? stages[at] === stage : id === VersionId,
    );
    const version = versions[index];
    if (!version) throw missing(`secret value for ${VersionId ?? `staging label: ${stage}`}`);
    if (VersionStage !== undefined && VersionStage !== stages[index]) {
      throw secretsManagerError(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      );
    }
    return {
      ARN: secret.arn,
      Name: secret.name,
      CreatedDate: version.createdMs / 1000,
      SecretString: version.secretString,
      VersionId: version.id,
      VersionStages: [stages[index]],
    };
  },

  PutSecretValue(input, store) {
    const { SecretId, SecretString, ClientRequestToken: token } = parse(Put, input);
    const secret = findSecret(SecretId, store);
    const same = store.read(secret).versions.find(({ id }) => id === token);
    if (same && same.secretString !== SecretString) {
      throw secretsManagerError(
        'ResourceExistsException',
        'This version exists with another value.',
      );
    }
    if (!same) store.write(secret, token, SecretString);
    return { ARN: secret.arn, Name: secret.name, VersionId: token, VersionStages: [stages[0]] };
  },

  DescribeSecret(input, store) {
    const secret = findSecret(parse(Describe, input).SecretId, store);
    const { createdMs, versions } = store.read(secret);
    return {
      ARN: secret.arn,
      Name: secret.name,
      CreatedDate: createdMs / 1000,
      LastChangedDate: (versions[0]?.createdMs ?? createdMs) / 1000,
      VersionIdsToStages: Object.fromEntries(versions.map(({ id }, at) => [id, [stages[at]]])),
    };
  },
};

/** The part of Secrets Manager that functions need. The secrets are in files. */
export async function startSecrets({
  secrets,
  directory,
  port = 0,
  now = Date.now,
  authorize = allowAll,
}: Options): Promise<RunningServer> {
  const store = secretStore(directory, secrets, now);
  const server = createJsonServer({
    name: 'Secrets Manager',
    target: 'secretsmanager',
    version: '1.1',
    operations: Object.fromEntries(
      Object.entries(operations).map(([name, run]) => [name, (input) => run(input, store)]),
    ),
    requiredActions(operation, input) {
      const { SecretId: id } = parse(SecretId, input);
      return [{ action: `secretsmanager:${operation}`, resource: store.find(id)?.arn ?? id }];
    },
    authorize,
    internalError: 'InternalServiceError',
  });
  return listen(server, port);
}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw secretsManagerError('InvalidParameterException', z.prettifyError(parsed.error));
}

function findSecret(secretId: string, store: SecretStore): SecretDefinition {
  const secret = store.find(secretId);
  if (!secret) throw missing('secret');
  return secret;
}

const missing = (what: string) =>
  secretsManagerError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified ${what}.`,
  );

const secretsManagerError = (code: string, message: string) =>
  new AwsError({ __type: code, message });
