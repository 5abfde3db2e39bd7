import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDataFolder } from '../../../local/process/data-folder.ts';
import { temporaryDirectory } from '../aws/bundle.ts';

const stored = { folders: ['dynamodb', 's3'], files: ['keys.json'], drafts: /^draft-\d$/ };

function open(folder: string, { fresh = false } = {}) {
  const data = openDataFolder({ folder, stored, fresh });
  try {
    data.prepare();
  } catch (thrown) {
    data.release();
    throw thrown;
  }
  return data;
}

const moduleUrl = new URL('../../../local/process/data-folder.ts', import.meta.url).href;

/** Another process that has locked the folder and serves at port 4000. */
async function otherOwner(folder: string) {
  const script = `
    import { openDataFolder } from ${JSON.stringify(moduleUrl)};
    const stored = { folders: [], files: [], drafts: /^$/ };
    const lock = openDataFolder({ folder: ${JSON.stringify(folder)}, stored, fresh: false });
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

    expect(() => open(folder)).toThrow(
      `${folder} is in use by the local stack at http://127.0.0.1:4000 (process ${pid}). Stop it, or use another folder and port: npm start -- --data <folder> --port 0`,
    );
  });

  test('keeps all its data when a start with --fresh is refused', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 's3'));
    await otherOwner(folder);

    expect(() => open(folder, { fresh: true })).toThrow('so nothing was deleted.');
    expect(existsSync(join(folder, 's3'))).toBe(true);
  });

  test('is free as soon as that process is killed, and the next start gets its process id', async () => {
    const folder = temporaryDirectory();
    const { pid, kill } = await otherOwner(folder);
    await kill();

    const { killed, release } = open(folder);
    release();

    expect(killed).toEqual({ pid, url: 'http://127.0.0.1:4000' });
  });
});

function write(folder: string, ...names: readonly string[]): void {
  for (const name of names) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      'This is neither JSON nor a database, and longer than the header of one.'.repeat(9),
    );
  }
}

describe('a data folder', () => {
  test('that was given back says nothing about its last owner', () => {
    const folder = temporaryDirectory();
    open(folder).release();

    const { killed, release } = open(folder);
    release();

    expect(killed).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['data-folder.txt', 'lock']);
  });

  test('does not count as used because of a process id that now belongs to another process', () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'running.json'), JSON.stringify({ pid: process.pid }));

    const { release } = open(folder);
    release();
  });

  test('that is locked and does not name its owner yet is reported as in use by another process', () => {
    const folder = temporaryDirectory();
    const lock = open(folder);
    writeFileSync(join(folder, 'running.json'), '{"pid":');

    expect(() => open(folder)).toThrow('in use by another process.');
    lock.release();
  });

  test('loses with --fresh the data that the local stack stored, and nothing else', () => {
    const folder = temporaryDirectory();
    write(folder, 'notes.txt', 'mine/notes.txt');
    open(folder).release();
    write(folder, 'dynamodb/1', 's3/1', 'keys.json');

    open(folder, { fresh: true }).release();

    expect(readdirSync(folder).sort()).toEqual(['data-folder.txt', 'lock', 'mine', 'notes.txt']);
  });

  test('that had a name of the stored data before is refused with that name when it shall be fresh', () => {
    const folder = temporaryDirectory();
    write(folder, 's3/mine');
    open(folder).release();
    write(folder, 'dynamodb/1');

    expect(() => open(folder, { fresh: true })).toThrow(
      `It is not certain that the local stack has made all of ${folder}, so nothing was deleted: \`data-folder.txt\`, which this version writes, is not there. If it has, delete ${join(folder, 'dynamodb')}, ${join(folder, 's3')}; or use another folder: npm start -- --data <folder>`,
    );
    expect(readdirSync(folder).sort()).toEqual(['dynamodb', 'lock', 's3']);
    expect(readdirSync(join(folder, 's3'))).toEqual(['mine']);
    open(folder).release();
  });

  test('loses what a start that was killed has left, unless somebody else may have made it', () => {
    const [own, other, empty] = [temporaryDirectory(), temporaryDirectory(), temporaryDirectory()];
    open(own).release();
    write(own, 'draft-1/half', 's3/1');
    write(other, 'draft-1/half', 's3/1');
    write(empty, 'draft-1/half');
    for (const folder of [own, other, empty]) open(folder).release();

    expect(readdirSync(own).sort()).toEqual(['data-folder.txt', 'lock', 's3']);
    expect(readdirSync(other).sort()).toEqual(['draft-1', 'lock', 's3']);
    expect(readdirSync(empty).sort()).toEqual(['data-folder.txt', 'draft-1', 'lock']);
  });

  test.each([
    ['s3', 's3', 'Cannot write to {}: it is not a folder.'],
    ['keys.json', 'keys.json/x', 'Cannot write to {}: it is a folder.'],
    ['lock', 'lock', '{} is a file of somebody else.'],
  ])('in which %s is something else is refused', (name, file, sentence) => {
    const folder = temporaryDirectory();
    write(folder, file);

    expect(() => open(folder)).toThrow(
      `${sentence.replace('{}', join(folder, name))} Use another folder: npm start -- --data <folder>`,
    );
  });

  test('that cannot be made is refused with the reason and the remedy', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const folder = join(file, 'data');

    expect(() => open(folder)).toThrow(
      `Cannot write to ${folder}: not a directory. Use another folder: npm start -- --data <folder>`,
    );
  });

  test.skipIf(!existsSync('/proc/self'))('that lies where nothing can be made is refused', () => {
    expect(() => open('/proc/none/data')).toThrow(
      'Cannot write to /proc/none/data: no such file or directory',
    );
  });
});
