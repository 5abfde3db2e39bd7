import { describe, expect, test } from 'vitest';
import { providerAdapters } from '../../../functions/adapters/providers/registry.ts';
import { providerNames } from '../../../functions/domain/model/catalogue.ts';
import { type Entry, entries, readEnv } from '../../../functions/runtime/env.ts';

// Optional variables, too, need a value that the schema accepts.
const optional = [
  'ALLOW_LOOPBACK',
  'FORMER_URL',
  'INPUT_THUMBNAIL_BUCKET',
  'RESULT_THUMBNAIL_BUCKET',
  'TYPICAL_SECONDS',
  'AWS_ENDPOINT_URL_S3',
  'ACCOUNT_BUDGET',
];
const providerUrls = Object.fromEntries(
  providerNames.map((name) => [name, `https://${name}.example.com`]),
);
const prices = {
  'wan2.5-image-to-image': { milliCreditsPerImage: 1500, microUsdPerImage: { fal: 50_000 } },
};
const keysUrls = { fal: 'https://fal.example.com/keys' };
const capacities = <T>(capacity: T) =>
  Object.fromEntries(
    providerNames.map((name) => [
      name,
      { capacity, countedBy: providerAdapters[name].capacity.countedBy },
    ]),
  );
const values: Record<string, string> = {
  ALLOW_LOOPBACK: 'allowed',
  ACCOUNT_BUDGET: '{"dailyBudget": 50000, "stopAtBudget": true}',
  TYPICAL_SECONDS: '8',
  CALLBACK_RETRY_DELAYS: '60,600',
  PROVIDERS: 'fal,dashscope',
  RETENTION_DAYS: '7',
  WAITERS: '4',
  MODEL_ALIASES: 'our-model=wan2.5-image-to-image,other/one:2=wan3',
  MODEL_PRICES: JSON.stringify(prices),
  PROVIDER_URLS: JSON.stringify(providerUrls),
  PROVIDER_KEYS_URLS: JSON.stringify(keysUrls),
  PROVIDER_CAPACITIES: JSON.stringify(capacities('running=5,submitsPerSecond=4,ahead=1')),
};
// The values that the schema does not parse to a string.
const parsedValues: Record<string, unknown> = {
  ALLOW_LOOPBACK: true,
  ACCOUNT_BUDGET: { dailyBudget: 50_000, stopAtBudget: true },
  CALLBACK_RETRY_DELAYS: [60, 600],
  PROVIDERS: ['fal', 'dashscope'],
  RETENTION_DAYS: 7,
  WAITERS: 4,
  MODEL_ALIASES: { 'our-model': 'wan2.5-image-to-image', 'other/one:2': 'wan3' },
  MODEL_PRICES: prices,
  PROVIDER_URLS: providerUrls,
  PROVIDER_KEYS_URLS: keysUrls,
  PROVIDER_CAPACITIES: {
    ...capacities({ running: 5, submitsPerSecond: 4, ahead: 1 }),
    sandbox: { capacity: { running: 1 }, countedBy: 'provider' },
  },
};

const namesOf = (entry: Entry): readonly string[] => Object.keys(entries[entry].shape);
const fullEnv = (entry: Entry) =>
  Object.fromEntries(namesOf(entry).map((name) => [name, values[name] ?? `some-${name}`]));

const parsed = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).map(([name, text]) => [name, parsedValues[name] ?? text]));

// Object.keys returns plain strings; these are the keys of the registry.
const all = Object.keys(entries) as readonly Entry[];
const requiredBy = (entry: Entry) => namesOf(entry).filter((name) => !optional.includes(name));
const entriesWithVariables = all.filter((entry) => requiredBy(entry).length > 0);

test('there are entries, and entries that need variables', () => {
  expect(all).not.toEqual([]);
  expect(entriesWithVariables).not.toEqual([]);
});

describe.each(all)('%s', (entry) => {
  test('reads its variables, and no other', () => {
    expect(readEnv(entry, { ...fullEnv(entry), HOME: '/' })).toEqual(parsed(fullEnv(entry)));
  });

  test('starts without the optional variables', () => {
    const deployed = Object.fromEntries(
      Object.entries(fullEnv(entry)).filter(([name]) => !optional.includes(name)),
    );

    const absent = namesOf(entry).includes('ALLOW_LOOPBACK') && { ALLOW_LOOPBACK: false };
    expect(readEnv(entry, deployed)).toEqual({ ...parsed(deployed), ...absent });
  });
});

describe.each(entriesWithVariables)('%s', (entry) => {
  const required = requiredBy(entry);

  test('throws an error with all names when the environment is empty', () => {
    expect(() => readEnv(entry, {})).toThrow(
      `${entry} lacks ${required.join(', ')} in its environment`,
    );
  });

  test.each(required)('throws when %s is missing', (name) => {
    const env = Object.fromEntries(
      Object.entries(fullEnv(entry)).filter(([variable]) => variable !== name),
    );

    expect(() => readEnv(entry, env)).toThrow(`${entry} lacks ${name} in its environment`);
  });

  test.each(required.filter((name) => !(name in parsedValues)))(
    'throws when %s is empty',
    (name) => {
      const env = { ...fullEnv(entry), [name]: '' };

      expect(() => readEnv(entry, env)).toThrow(`lacks ${name} in`);
    },
  );
});

test('the environment of the process is the default', () => {
  expect(readEnv('api/service')).toEqual({});
});

test.each([
  ['ALLOW_LOOPBACK', 'yes'],
  ['TYPICAL_SECONDS', 'soon'],
])('throws when %s is %s', (name, value) => {
  const env = { ...fullEnv('api/create-task'), [name]: value };

  expect(() => readEnv('api/create-task', env)).toThrow(`lacks ${name} in`);
});

describe('the pauses before the late retries of a callback', () => {
  const read = (CALLBACK_RETRY_DELAYS: string) =>
    readEnv('workflow/notify-caller', {
      ...fullEnv('workflow/notify-caller'),
      CALLBACK_RETRY_DELAYS,
    });

  test.each([
    ['', []],
    ['60', [60]],
    ['60,600,3600', [60, 600, 3600]],
  ])('%j is read as %j, in seconds', (text, delays) => {
    expect(read(text)).toMatchObject({ CALLBACK_RETRY_DELAYS: delays });
  });

  test.each([',', '60,', '60, 600', '-1', '1.5', 'soon'])('%j throws', (text) => {
    expect(() => read(text)).toThrow('lacks CALLBACK_RETRY_DELAYS in');
  });
});

describe('the names of models', () => {
  const read = (MODEL_ALIASES: string) =>
    readEnv('api/read-account', { ...fullEnv('api/read-account'), MODEL_ALIASES });

  test('may be none', () => {
    expect(read('')).toMatchObject({ MODEL_ALIASES: {} });
  });

  test.each(['a', 'a=', '=b', 'a=b,', 'a=b c'])('throw when they are %j', (text) => {
    expect(() => read(text)).toThrow('lacks MODEL_ALIASES in');
  });
});

describe('the capacities of the providers', () => {
  const read = (dashscope: unknown) =>
    readEnv('workflow/await-slot', {
      ...fullEnv('workflow/await-slot'),
      PROVIDER_CAPACITIES: JSON.stringify({ ...capacities(''), dashscope }),
    }).PROVIDER_CAPACITIES.dashscope;
  const capacity = (text: string) => ({ capacity: text, countedBy: 'model' });

  test('may be left out, in whole or in part', () => {
    expect(read(capacity(''))).toEqual({ countedBy: 'model' });
    expect(read(capacity('running=0'))).toEqual({ capacity: { running: 0 }, countedBy: 'model' });
    expect(read(capacity('running=20,ahead=3'))).toMatchObject({
      capacity: { running: 20, ahead: 3 },
    });
  });

  test.each([
    ['unknown', capacity('walking=5')],
    ['in another order', capacity('ahead=1,running=5')],
    ['negative', capacity('running=-1')],
    ['for no submits at all', capacity('running=5,submitsPerSecond=0')],
    ['counted by nothing', { capacity: 'running=5' }],
  ])('are refused when they are %s', (_, value) => {
    expect(() => read(value)).toThrow('lacks PROVIDER_CAPACITIES.dashscope');
  });
});

test('no order of live tasks can name the sandbox', () => {
  const env = { ...fullEnv('workflow/submit-task'), PROVIDERS: 'fal,sandbox' };

  expect(() => readEnv('workflow/submit-task', env)).toThrow('PROVIDERS');
});

describe('the URLs of the providers', () => {
  const read = (PROVIDER_URLS: string) =>
    readEnv('workflow/poll-task', { ...fullEnv('workflow/poll-task'), PROVIDER_URLS });

  test.each([
    ['no JSON', '{', 'PROVIDER_URLS'],
    ['no record', '"https://fal.example.com"', 'PROVIDER_URLS'],
    ['no URL', JSON.stringify({ ...providerUrls, fal: 'somewhere' }), 'PROVIDER_URLS.fal'],
    ['one too few', JSON.stringify({ ...providerUrls, fal: undefined }), 'PROVIDER_URLS.fal'],
  ])('are refused when they are %s', (_, text, name) => {
    expect(() => read(text)).toThrow(`lacks ${name} in its environment`);
  });
});

test.each(['0', '-1', '1.5', 'seven', ''])('throws when RETENTION_DAYS is %j', (RETENTION_DAYS) => {
  const env = { ...fullEnv('api/get-result'), RETENTION_DAYS };

  expect(() => readEnv('api/get-result', env)).toThrow('lacks RETENTION_DAYS');
});
