import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CliError } from '../program/cli-error.ts';

/** How many functions the account of the credentials runs at a time in their region. */
export async function readConcurrency(): Promise<number> {
  const client = new LambdaClient();
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand());
    return AccountLimit?.ConcurrentExecutions ?? 0;
  } catch (thrown) {
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    throw new CliError(`AWS does not say how much the account may run (${reason})`, {
      cause: thrown,
    });
  } finally {
    client.destroy();
  }
}
