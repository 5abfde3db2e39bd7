import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { parseJson } from '../api/api-caller.ts';
import { CliError } from '../program/cli-error.ts';
import type { Concurrency, Subscriber } from './operation-steps.ts';
import { regionOf } from './region-of.ts';

/**
 * How many functions the AWS account of the credentials may run at a time in a region; by default in the region of the
 * environment.
 * @throws {CliError} when AWS does not say
 */
export async function readConcurrency(region?: string): Promise<Concurrency> {
  const client = new LambdaClient({ ...(region !== undefined && { region }) });
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand());
    return {
      limit: AccountLimit?.ConcurrentExecutions ?? 0,
      region: await client.config.region(),
    };
  } catch (thrown) {
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    throw new CliError(`AWS does not say how much the account may run (${reason})`, {
      cause: thrown,
    });
  } finally {
    client.destroy();
  }
}

const Subscriptions = z.object({
  Subscriptions: z.array(z.object({ Endpoint: z.string(), SubscriptionArn: z.string() })),
});

/** How long the AWS CLI may take, in milliseconds. */
const cliMs = 30_000;

/**
 * The subscribers of a topic. It asks the AWS CLI, because the SDK's client of SNS would be a package for this one
 * question. Until an address has confirmed, SNS gives `PendingConfirmation` in the place of the subscription's ARN, and
 * `Deleted` when it has unsubscribed.
 * @throws {CliError} when there is no AWS CLI, or AWS does not say
 */
export async function readSubscribers(topic: string): Promise<readonly Subscriber[]> {
  const region = regionOf(topic) ?? '';
  const args = ['sns', 'list-subscriptions-by-topic', '--topic-arn', topic];
  const { stdout } = await promisify(execFile)(
    'aws',
    [...args, '--region', region, '--output', 'json'],
    { timeout: cliMs },
  ).catch((thrown: unknown) => {
    throw new CliError(`Who gets the alarms is not known: ${reasonOf(thrown)}`, { cause: thrown });
  });
  const parsed = Subscriptions.safeParse(parseJson(stdout));
  if (!parsed.success)
    throw new CliError('Who gets the alarms is not known: the AWS CLI printed no list');
  return parsed.data.Subscriptions.filter(
    ({ SubscriptionArn }) => SubscriptionArn !== 'Deleted',
  ).map(({ Endpoint, SubscriptionArn }) => ({
    address: Endpoint,
    isConfirmed: SubscriptionArn !== 'PendingConfirmation',
  }));
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if ('code' in thrown && thrown.code === 'ENOENT') return 'the AWS CLI is not installed';
  const { stderr }: Record<string, unknown> = { ...thrown };
  const lines = typeof stderr === 'string' ? stderr.trim().split('\n') : [];
  return lines.at(-1) || thrown.message;
}
