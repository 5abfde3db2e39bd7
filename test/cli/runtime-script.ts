import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from './world.ts';

const fakeApi = new URL('fake-api.ts', import.meta.url).href;

/** Lines for a script: says where it lives, and that it was told to stop. */
const diary = (path: string) => `
  import { readFileSync, writeFileSync } from 'node:fs';
  const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
  const note = (more) => writeFileSync(${JSON.stringify(path)}, JSON.stringify(more));
  const diary = { pid: process.pid, args: process.argv.slice(2), readyFile: argument('--ready-file') };
  note(diary);
`;

/** What a well-behaved runtime does: serve, say so, and end when told to. */
export const serving = (play: object = {}) => `
  import { startApi } from ${JSON.stringify(fakeApi)};
  const api = await startApi(${JSON.stringify(play)});
  process.on('SIGTERM', () => { note({ ...diary, stopped: true }); process.exit(0); });
  writeFileSync(diary.readyFile, JSON.stringify({ url: api.url, apiKey: 'sk-local', adminKey: 'a' }));
`;

/** A script that stands in for the local runtime, and the diary it leaves. */
export async function runtimeScript(body: string) {
  const directory = await temporaryDirectory();
  const path = join(directory, 'runtime.mjs');
  const diaryPath = join(directory, 'diary.json');
  await writeFile(path, `${diary(diaryPath)}\n${body}`);
  return { directory, diaryPath, command: [process.execPath, path] as const };
}
