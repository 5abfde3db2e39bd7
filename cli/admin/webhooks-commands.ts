import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { adminApiFor, type ConnectionOptions, withConnectionOptions } from '../connection.ts';
import { type Field, formatFields } from '../format.ts';
import type { Terminal } from '../terminal.ts';
import type { WebhookTest } from './admin-api.ts';

/** `darkroom webhooks`: tries out what receives callbacks. */
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
      throw new CliError(`The event was not delivered: ${result.reason}`);
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
