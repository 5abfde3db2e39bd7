import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { readBody } from '../http-api/read-body.ts';
import { listen, type Running } from '../listen.ts';
import { everybodyMay, type Judge, signerOf } from '../rights/judge.ts';
import type { SecretDefinition } from '../template/read-secrets.ts';
import { type SecretStore, secretStore } from './secret-store.ts';

type Options = {
  readonly secrets: readonly SecretDefinition[];
  readonly directory: string;
  readonly port?: number;
  readonly now?: () => number;
  /** Who may do what; everybody everything without it. */
  readonly judge?: Judge;
};

type Deed = (input: unknown, store: SecretStore) => object;

class Refusal extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

const SecretId = z.object({ SecretId: z.string() });
const Get = SecretId.extend({
  VersionId: z.string().optional(),
  VersionStage: z.string().optional(),
});
const Put = SecretId.extend({
  SecretString: z.string('the laptop keeps text only'),
  ClientRequestToken: z.string().default(() => randomUUID()),
});

const stages = ['AWSCURRENT', 'AWSPREVIOUS'] as const;

const deeds: Readonly<Record<string, Deed>> = {
  GetSecretValue(input, store) {
    const { SecretId, VersionId, VersionStage = stages[0] } = parse(Get, input);
    const secret = known(SecretId, store);
    const { versions } = store.read(secret);
    const index = versions.findIndex(({ id }, at) =>
      VersionId === undefined ? stages[at] === VersionStage : id === VersionId,
    );
    const version = versions[index];
    if (!version)
      throw missing(`secret value for ${VersionId ?? `staging label: ${VersionStage}`}`);
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
    const secret = known(SecretId, store);
    const same = store.read(secret).versions.find(({ id }) => id === token);
    if (same && same.secretString !== SecretString) {
      throw new Refusal('ResourceExistsException', 'This version exists with another value.');
    }
    if (!same) store.write(secret, token, SecretString);
    return { ARN: secret.arn, Name: secret.name, VersionId: token, VersionStages: [stages[0]] };
  },

  DescribeSecret(input, store) {
    const secret = known(parse(SecretId, input).SecretId, store);
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

/** Secrets Manager over files, as far as functions need it. */
export async function startSecrets({
  secrets,
  directory,
  port = 0,
  now = Date.now,
  judge = everybodyMay,
}: Options): Promise<Running> {
  const store = secretStore(directory, secrets, now);
  const server = createServer((request, response) => {
    answer(request, store, judge)
      .then((output) => send(200, output, response))
      .catch((thrown: unknown) => refuse(thrown, response));
  });
  return listen(server, port);
}

async function answer(request: IncomingMessage, store: SecretStore, judge: Judge): Promise<object> {
  const target = String(request.headers['x-amz-target']);
  const body = await readBody(request);
  const operation = target.replace(/^secretsmanager\./, '');
  const deed = deeds[operation];
  if (!deed) throw new Refusal('UnknownOperationException', `The laptop does not know ${target}.`);
  const input: unknown = JSON.parse(String(body));
  const { SecretId: id } = parse(SecretId, input);
  const need = { action: `secretsmanager:${operation}`, resource: store.find(id)?.arn ?? id };
  const objection = judge(signerOf(request.headers.authorization), [need]);
  if (objection) throw new Refusal('AccessDeniedException', objection);
  return deed(input, store);
}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Refusal('InvalidParameterException', z.prettifyError(parsed.error));
}

function known(secretId: string, store: SecretStore): SecretDefinition {
  const secret = store.find(secretId);
  if (!secret) throw missing('secret');
  return secret;
}

const missing = (what: string) =>
  new Refusal('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}.`);

function refuse(thrown: unknown, response: ServerResponse): void {
  const isOurs = thrown instanceof Refusal;
  const { name, message } = isOurs
    ? thrown
    : { name: 'InternalServiceError', message: String(thrown) };
  send(isOurs ? 400 : 500, { __type: name, message }, response);
}

function send(status: number, body: object, response: ServerResponse): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}
