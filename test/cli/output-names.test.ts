import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkNamePattern, formatName, inputName } from '../../cli/tasks/output-names.ts';
import { cliContext } from './cli-context.ts';
import { taskId } from './task-responses.ts';

const values = { id: 'task-1', n: 2, input: 'cat' };

describe('the name of a result', () => {
  test.each([
    ['{input}-{n}', 'cat', 'cat-2'],
    ['{id} of {input}', 'Katze für Ömer', 'task-1 of Katze für Ömer'],
    ['{input}', '../../etc/passwd', 'etc-passwd'],
    ['{input}', '..', 'result'],
    ['{input}', '.bashrc', 'bashrc'],
    ['{input}', 'a\\b:c*d?"<>|e', 'a-b-c-d-e'],
    ['{input}', 'a\0b\x1b[31m\nc', 'a-b-31m-c'],
    ['{input}', '\u202egnp.exe', 'gnp.exe'],
    ['{input}', 'CON', '_CON'],
    ['{input}.x', 'nul', '_nul.x'],
    ['{input}', '{id}', 'id'],
    ['{input}', '$&$1', '1'],
    ['{input}', '-rf', 'rf'],
  ])('is a plain name in its folder: %j of %j', (pattern, input, expected) => {
    expect(formatName(pattern, { id: values.id, n: values.n, input })).toBe(expected);
  });

  test('has 200 bytes at most, and is not cut inside a character', () => {
    const name = formatName('{input}', { id: 'x', n: 1, input: '猫'.repeat(100) });
    expect(name).toBe('猫'.repeat(66));
  });

  test.each(['a/b', '../{n}', '\\x', '', '{seed}', '{}'])('is not made from %j', (pattern) => {
    expect(() => checkNamePattern(pattern)).toThrow(/^--name /);
  });

  test.each([
    ['photos/cat.of.mine.jpeg', 'cat.of.mine'],
    ['C:\\photos\\cat.png', 'cat'],
    ['https://example.com/a%2Fb/cat%20one.png?x=/y.png', 'cat one'],
    ['https://example.com/%E0%A4', '%E0%A4'],
    ['https://example.com/', 'picture'],
    [undefined, 'picture'],
  ])('can contain the name of the input: %s', (picture, expected) => {
    expect(inputName(picture)).toBe(expected);
  });
});

describe('a result that is saved under a name', () => {
  const two = [
    { headers: { 'content-type': 'image/png' }, body: 'one' },
    { headers: { 'content-type': 'image/png' }, body: 'two' },
  ];

  test('never replaces a file: it gets the next free name', async () => {
    const { generate, out, saved } = await cliContext();
    await mkdir(out);
    await writeFile(join(out, 'photo.png'), 'mine');

    const { files } = await generate({ name: '{input}' });

    expect(files).toEqual([join(out, 'photo-2.png')]);
    expect(await saved()).toEqual(['photo-2.png', 'photo.png']);
    expect(await readFile(join(out, 'photo.png'), 'utf8')).toBe('mine');
  });

  test('has its number in the name, also when the pattern has no number', async () => {
    const { generate, saved } = await cliContext({ results: two });

    await generate({ name: '{input}' });

    expect(await saved()).toEqual(['photo-1.png', 'photo-2.png']);
  });

  test('is saved in its folder, whatever the name of the picture', async () => {
    const { generate, out, write, saved } = await cliContext();
    const picture = await write('..-x', await readFile((await cliContext()).photo));

    const { files } = await generate({ pictures: [picture], name: '{input}' });

    expect(files).toEqual([join(out, 'result.png')]);
    expect(await saved()).toEqual(['result.png']);
  });

  test('without a pattern replaces what the same task saved before', async () => {
    const { generate, saved } = await cliContext();

    await generate();
    await generate();

    expect(await saved()).toEqual([`${taskId}-1.png`]);
  });
});
