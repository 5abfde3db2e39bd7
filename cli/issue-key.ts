import { randomUUID } from 'node:crypto';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { CliError } from './cli-error.ts';

/** The key to make, and the credits its account gets with it. */
export type KeyOrder = {
  readonly account: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly credits: number;
};

const IssuedKey = z.object({
  api_key: z.string(),
  key_id: z.string(),
  account: z.string(),
  // Only when its account was made with it: it is shown once.
  webhook_secret: z.string().optional(),
});
export type IssuedKey = z.output<typeof IssuedKey>;

const Crash = z.object({ errorType: z.string().optional(), errorMessage: z.string() });
const Complaints = z.array(z.object({ path: z.array(z.unknown()), message: z.string() })).min(1);

/** Has the deployed function make a key. Who may invoke it is who may make keys. */
export async function issueKey(
  client: Pick<LambdaClient, 'send'>,
  functionName: string,
  order: KeyOrder,
): Promise<IssuedKey> {
  const command = new InvokeCommand({
    FunctionName: functionName,
    // The client invokes again when an answer is lost; by its number the credits count once.
    Payload: JSON.stringify({ ...order, order: randomUUID() }),
  });
  const { FunctionError, Payload } = await client.send(command).catch((thrown: unknown) => {
    throw new CliError(`Cannot invoke ${functionName}: ${String(thrown)}`, { cause: thrown });
  });
  const answer = jsonIn(Payload?.transformToString() ?? '');
  if (FunctionError) throw new CliError(`${functionName} refused: ${reasonIn(answer)}`);
  const issued = IssuedKey.safeParse(answer);
  if (issued.success) return issued.data;
  throw new CliError(`${functionName} answered no key: is it the function that issues keys?`);
}

function reasonIn(answer: unknown): string {
  const crash = Crash.safeParse(answer).data;
  if (!crash) return 'it failed without a reason';
  // A schema's complaints arrive as a list in JSON.
  const complaints = Complaints.safeParse(jsonIn(crash.errorMessage)).data;
  return (
    complaints?.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ??
    crash.errorMessage
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
