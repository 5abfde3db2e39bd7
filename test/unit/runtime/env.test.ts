import { describe, expect, test } from 'vitest';
import { type Entry, entries, readEnv } from '../../../functions/runtime/env.ts';

// Also what only the laptop's stage sets has to have a value that the entry takes.
const values: Record<string, string> = { LOOPBACK: 'allowed', USUAL_SECONDS: '8' };
const optional = Object.keys(values);

const namesOf = (entry: Entry): readonly string[] => Object.keys(entries[entry].shape);
const fullEnv = (entry: Entry) =>
  Object.fromEntries(namesOf(entry).map((name) => [name, values[name] ?? `some-${name}`]));

// Object.keys forgets that these are the names of the registry.
const all = Object.keys(entries) as readonly Entry[];
const requiredBy = (entry: Entry) => namesOf(entry).filter((name) => !optional.includes(name));
const demanding = all.filter((entry) => requiredBy(entry).length > 0);

describe.each(all)('%s', (entry) => {
  test('reads what it must be told, and nothing else', () => {
    expect(readEnv(entry, { ...fullEnv(entry), HOME: '/' })).toEqual(fullEnv(entry));
  });

  test('starts without what only the laptop says', () => {
    const deployed = Object.fromEntries(requiredBy(entry).map((name) => [name, 'x']));

    expect(readEnv(entry, deployed)).toEqual(deployed);
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
    expect(() => readEnv(entry, { ...rest, [name]: '' })).toThrow(`lacks ${name} in`);
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
