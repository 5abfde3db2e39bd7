import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openEngine } from '../../../local/aws/dynamodb/dynalite.ts';
import { readJsonFile, writeJsonFile } from '../../../local/aws/json-file.ts';
import { openStore } from '../../../local/aws/s3/store.ts';
import { secretStore } from '../../../local/aws/secrets/secret-store.ts';
import { readTemplate } from '../../../local/aws/template/template.ts';
import { temporaryDirectory } from './bundle.ts';

test('a JSON file is replaced at once, for its user alone, and nothing else stays', () => {
  const file = join(temporaryDirectory(), 'a.json');
  writeJsonFile(file, { a: 1 });
  writeJsonFile(file, { a: 2 });

  expect(readJsonFile(z.object({ a: z.number() }), file)).toEqual({ a: 2 });
  expect(readdirSync(join(file, '..'))).toEqual(['a.json']);
});

describe('what is read at a start and is damaged is named', () => {
  test.each(['', '{"a":', '{"a":"text"}'])('when a JSON file is %j', (content) => {
    const file = join(temporaryDirectory(), 'a.json');
    writeFileSync(file, content);

    expect(() => readJsonFile(z.object({ a: z.number() }), file)).toThrow(`${file} is damaged.`);
  });

  test('when it is the manifest of a synthesis', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'manifest.json');
    writeFileSync(file, '{"artifacts":');

    expect(() => readTemplate(directory)).toThrow(`${file} is damaged.`);
  });

  test('when it is the record of an object', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory, { now: Date.now });
    const body = async function* () {};
    await store.put({ key: 'a', headers: {}, body: body() });
    const [record = ''] = readdirSync(directory).filter((name) => name.endsWith('.json'));
    truncateSync(join(directory, record), 5);

    await expect(openStore(directory, { now: Date.now })).rejects.toThrow(
      `${join(directory, record)} is damaged.`,
    );
  });

  test('when it is a secret', () => {
    const directory = temporaryDirectory();
    const secret = { id: 'Key', name: 'key', arn: 'arn:key', secretString: 'x' };
    const open = () => secretStore(directory, [secret], Date.now);
    open();
    const file = join(directory, 'key.json');
    expect(readFileSync(file, 'utf8')).toContain('"x"');
    writeFileSync(file, '{}');

    expect(open).toThrow(`${file} is damaged.`);
  });

  test('when it is the database of the tables', async () => {
    const directory = temporaryDirectory();
    await (await openEngine(directory)).close();
    writeFileSync(join(directory, 'CURRENT'), '');

    await expect(openEngine(directory)).rejects.toThrow(`${directory} is damaged.`);
  });
});

test('a database that cannot be opened says why', async () => {
  const directory = temporaryDirectory();
  const engine = await openEngine(directory);
  await expect(openEngine(directory)).rejects.toThrow(
    `Cannot open ${directory}: another process has opened it`,
  );
  await engine.close();
  const file = join(directory, 'CURRENT');

  await expect(openEngine(file)).rejects.toThrow(`Cannot open ${file}: EEXIST`);
});
