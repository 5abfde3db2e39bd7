import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { inDoubt } from '../cli-error.ts';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { accountId } from '../identifiers.ts';
import { signedAmount } from '../numbers.ts';
import type { Terminal } from '../terminal.ts';
import type { Entry } from './answers.ts';

type Options = ConnectionOptions & { readonly note?: string; readonly idempotencyKey?: string };

/** `darkroom accounts grant`: credits given to an account, or taken from it. */
export function addGrant(accounts: Command, terminal: Terminal): void {
  withConnection(
    accounts
      .command('grant')
      .description('grant credits to an account; a negative amount withdraws them')
      .argument('<id>', 'which account', accountId)
      .argument('<credits>', 'how many: 100, 1.2, -5', signedAmount)
      .option('--note <text>', 'what for, as the ledger is to say it')
      .option('--idempotency-key <key>', 'repeats the grant that had this key', idempotencyKey),
  ).action(async (id: string, credits: number, options: Options) => {
    const { note, json, idempotencyKey: key = `cli-${randomUUID()}` } = options;
    const api = await adminApiFor(options, terminal);
    const entry = await api
      .grant(id, { credits, note }, key)
      .catch(inDoubt(`repeat it with --idempotency-key ${key}, so that it counts once`));
    terminal.print(json ? JSON.stringify(entry) : sentence(id, entry));
  });
}

function sentence(id: string, { number, amount_credits: amount, balance_credits }: Entry): string {
  const deed = amount < 0 ? `withdrew ${-amount} from` : `granted ${amount} to`;
  return `${deed} ${id}: balance ${balance_credits} after entry ${number}`;
}

function idempotencyKey(text: string): string {
  if (/^[A-Za-z0-9._-]{16,96}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 16 to 96 of A-Z, a-z, 0-9, ".", "_" and "-".');
}
