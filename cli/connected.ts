import { adminApi } from './admin/admin-api.ts';
import { darkroomApi } from './api.ts';
import { connection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { sender } from './send.ts';
import type { Terminal } from './terminal.ts';

/** The API that a command is to talk to. */
export async function apiFor(options: ConnectionOptions, terminal: Terminal) {
  const where = await connection(options, terminal);
  return darkroomApi({ ...where, send: sender(terminal) });
}

/** The same for commands that only an admin key may give. */
export async function adminApiFor(options: ConnectionOptions, terminal: Terminal) {
  const where = await connection(options, terminal, 'adminKey');
  return adminApi({ ...where, send: sender(terminal) });
}
