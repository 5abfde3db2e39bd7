import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const executable = process.platform === 'win32' ? 'node.exe' : 'node';

/** The first Node 20 to 23 on the PATH, if there is one: it cannot run the command's TypeScript. */
export function findOlderNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, executable)).find(isOlder);
}

function isOlder(path: string): boolean {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return /^v2[0-3]\./.test(stdout ?? '');
}
