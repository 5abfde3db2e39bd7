import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDataFolder } from '../../../local/data-folder.ts';
import { lockDataFolder } from '../../../local/data-lock.ts';
import { temporaryDirectory } from '../aws/bundle.ts';

const lockModule = new URL('../../../local/data-lock.ts', import.meta.url).href;

/** Another process that has locked the folder and serves at port 4000. */
async function otherOwner(folder: string) {
  const script = `
    import { lockDataFolder } from ${JSON.stringify(lockModule)};
    const lock = lockDataFolder(${JSON.stringify(folder)});
    lock.announce('http://127.0.0.1:4000');
    console.log('locked');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return {
    pid: child.pid,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

describe('a data folder that another process uses', () => {
  test('is refused with the address and the process of the other', async () => {
    const folder = temporaryDirectory();
    const { pid } = await otherOwner(folder);

    expect(() => openDataFolder({ folder, fresh: false })).toThrow(
      `${folder} is in use by the local stack at http://127.0.0.1:4000 (process ${pid}). Stop it, or use another folder and port: npm start -- --data <folder> --port 0`,
    );
  });

  test('keeps all its data when a start with --fresh is refused', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 's3'));
    await otherOwner(folder);

    expect(() => openDataFolder({ folder, fresh: true })).toThrow('so nothing was deleted.');
    expect(existsSync(join(folder, 's3'))).toBe(true);
  });

  test('is free as soon as that process is killed, and the next start gets its process id', async () => {
    const folder = temporaryDirectory();
    const { pid, kill } = await otherOwner(folder);
    await kill();

    const { killed, release } = openDataFolder({ folder, fresh: false });
    release();

    expect(killed).toEqual({ pid, url: 'http://127.0.0.1:4000' });
  });
});

describe('a data folder', () => {
  test('that was given back says nothing about its last owner', () => {
    const folder = temporaryDirectory();
    openDataFolder({ folder, fresh: false }).release();

    const { killed, release } = openDataFolder({ folder, fresh: false });
    release();

    expect(killed).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  test('does not count as used because of a process id that now belongs to another process', () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'running.json'), JSON.stringify({ pid: process.pid }));

    const { release } = openDataFolder({ folder, fresh: false });
    release();
  });

  test('that is locked and does not name its owner yet is reported as in use by another process', () => {
    const folder = temporaryDirectory();
    const lock = lockDataFolder(folder);
    if ('owner' in lock) throw new Error('it was free');
    writeFileSync(join(folder, 'running.json'), '{"pid":');

    expect(() => openDataFolder({ folder, fresh: false })).toThrow('in use by another process.');
    lock.release();
  });

  test('loses with --fresh the data that the local stack stored, and nothing else', () => {
    const folder = temporaryDirectory();
    for (const name of ['dynamodb', 'logs', 's3', 'secrets', 'cdk.out', 'mine']) {
      mkdirSync(join(folder, name));
    }
    for (const name of ['keys.json', 'ready.json', 'notes.txt']) {
      writeFileSync(join(folder, name), '');
    }

    openDataFolder({ folder, fresh: true }).release();

    expect(readdirSync(folder).sort()).toEqual(['lock', 'mine', 'notes.txt']);
  });

  test('that cannot be made is refused with the reason and the remedy', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const folder = join(file, 'data');

    expect(() => openDataFolder({ folder, fresh: false })).toThrow(
      `Cannot write to ${folder}: not a directory. Use another folder: npm start -- --data <folder>`,
    );
  });

  test.skipIf(!existsSync('/proc/self'))('that lies where nothing can be made is refused', () => {
    expect(() => openDataFolder({ folder: '/proc/none/data', fresh: false })).toThrow(
      'Cannot write to /proc/none/data: no such file or directory',
    );
  });
});
