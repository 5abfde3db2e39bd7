import { describe, expect, test } from 'vitest';
import { type Entry, entries, readEnv } from '../../../functions/runtime/env.ts';

// Also what only the laptop sets has to have a value that the entry takes.
const optional = ['LOOPBACK', 'USUAL_SECONDS', 'AWS_ENDPOINT_URL_S3'];
const values: Record<string, string> = {
  ...{ LOOPBACK: 'allowed', USUAL_SECONDS: '8', CALLBACK_TAIL: '60,600' },
  PROVIDERS: 'fal,dashscope',
};
// What is more than a text to the entry.
const meanings: Record<string, unknown> = {
  CALLBACK_TAIL: [60, 600],
  PROVIDERS: ['fal', 'dashscope'],
};

const namesOf = (entry: Entry): readonly string[] => Object.keys(entries[entry].shape);
const fullEnv = (entry: Entry) =>
  Object.fromEntries(namesOf(entry).map((name) => [name, values[name] ?? `some-${name}`]));

const meaning = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).map(([name, text]) => [name, meanings[name] ?? text]));

// Object.keys forgets that these are the names of the registry.
const all = Object.keys(entries) as readonly Entry[];
const requiredBy = (entry: Entry) => namesOf(entry).filter((name) => !optional.includes(name));
const demanding = all.filter((entry) => requiredBy(entry).length > 0);

describe.each(all)('%s', (entry) => {
  test('reads what it must be told, and nothing else', () => {
    expect(readEnv(entry, { ...fullEnv(entry), HOME: '/' })).toEqual(meaning(fullEnv(entry)));
  });

  test('starts without what only the laptop says', () => {
    const deployed = Object.fromEntries(
      Object.entries(fullEnv(entry)).filter(([name]) => !optional.includes(name)),
    );

    expect(readEnv(entry, deployed)).toEqual(meaning(deployed));
  });
});

describe.each(demanding)('%s', (entry) => {
  const required = requiredBy(entry);

  test('refuses an empty environment with all the names', () => {
    expect(() => readEnv(entry, {})).toThrow(
      `${entry} lacks ${required.join(', ')} in its environment`,
    );
  });

  test.each(required)('refuses to start without %s', (name) => {
    const { [name]: _, ...rest } = fullEnv(entry);

    expect(() => readEnv(entry, rest)).toThrow(`${entry} lacks ${name} in its environment`);
  });

  test.each(required.filter((name) => !(name in meanings)))('refuses an empty %s', (name) => {
    const env = { ...fullEnv(entry), [name]: '' };

    expect(() => readEnv(entry, env)).toThrow(`lacks ${name} in`);
  });
});

test('the process tells, when nobody else does', () => {
  expect(readEnv('api/health')).toEqual({});
});

test.each([
  ['LOOPBACK', 'yes'],
  ['USUAL_SECONDS', 'soon'],
])('%s cannot be %s', (name, value) => {
  const env = { ...fullEnv('api/create-task'), [name]: value };

  expect(() => readEnv('api/create-task', env)).toThrow(`lacks ${name} in`);
});

describe('the pauses between the last attempts to tell a caller', () => {
  const read = (CALLBACK_TAIL: string) =>
    readEnv('workflow/notify-caller', { ...fullEnv('workflow/notify-caller'), CALLBACK_TAIL });

  test.each([
    ['', []],
    ['60', [60]],
    ['60,600,3600', [60, 600, 3600]],
  ])('%j is %j, in seconds', (text, tail) => {
    expect(read(text)).toMatchObject({ CALLBACK_TAIL: tail });
  });

  test.each([',', '60,', '60, 600', '-1', '1.5', 'soon'])('%j is refused', (text) => {
    expect(() => read(text)).toThrow('lacks CALLBACK_TAIL in');
  });
});
