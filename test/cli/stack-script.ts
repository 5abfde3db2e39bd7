import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from './cli-context.ts';

const fakeApi = new URL('fake-api.ts', import.meta.url).href;

/** The beginning of a script: writes its pid and its arguments to a file, its journal. */
const journal = (path: string) => `
  import { readFileSync, writeFileSync } from 'node:fs';
  const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
  const write = (entries) => writeFileSync(${JSON.stringify(path)}, JSON.stringify(entries));
  const journal = { pid: process.pid, args: process.argv.slice(2), readyFile: argument('--ready-file') };
  write(journal);
`;

/** A script that behaves like a local stack: it serves, writes its ready file, and ends on SIGTERM. */
export const servingStack = (replies: object = {}) => `
  import { startApi } from ${JSON.stringify(fakeApi)};
  const api = await startApi(${JSON.stringify(replies)});
  process.on('SIGTERM', () => { write({ ...journal, stopped: true }); process.exit(0); });
  writeFileSync(journal.readyFile, JSON.stringify({ url: api.url, apiKey: 'sk-local', adminKey: 'a' }));
`;

/** A script in place of the local stack, and the path of its journal. */
export async function stackScript(body: string) {
  const directory = await temporaryDirectory();
  const path = join(directory, 'stack.mjs');
  const journalPath = join(directory, 'journal.json');
  await writeFile(path, `${journal(journalPath)}\n${body}`);
  return { directory, journalPath, command: [process.execPath, path] as const };
}
