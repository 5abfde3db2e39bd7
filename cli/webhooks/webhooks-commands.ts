import type { Command } from 'commander';
import type { WebhookTest } from '../admin/admin-api.ts';
import { adminApiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { CliError } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import { type Field, formatFields } from '../program/format.ts';
import type { Terminal } from '../program/terminal.ts';

/** `darkroom webhooks`: tries out a receiver of callbacks. */
export function addWebhooks(program: Command, terminal: Terminal): void {
  const webhooks = program
    .command('webhooks')
    .description('try out a receiver of callbacks, with a manage or admin key');
  addTest(webhooks, terminal);
}

/** `darkroom webhooks test`: sends a test event. Fails when it was not delivered. */
function addTest(webhooks: Command, terminal: Terminal): void {
  withConnectionOptions(
    webhooks
      .command('test')
      .description('send a signed test event to an address, and show what came of it')
      .argument('<url>', 'the address of your receiver'),
  ).action(async (url: string, options: ConnectionOptions) => {
    const api = await adminApiFor(options, terminal);
    const result = await api.testWebhook({ url });
    terminal.print(options.json ? JSON.stringify(result) : formatFields(fieldsOf(result)));
    if (!result.delivered) {
      throw new CliError(`The event was not delivered: ${result.reason}`, {
        exitCode: exitCodes.undelivered,
      });
    }
  });
}

function fieldsOf({ event_id, delivered, status, ms, response_text }: WebhookTest): Field[] {
  return [
    ['event', event_id],
    ['delivered', delivered ? 'yes' : 'no'],
    ['status', status === null ? 'no answer' : `${status}`],
    ['took', `${ms} ms`],
    ...(response_text ? [['answer', response_text] satisfies Field] : []),
  ];
}
