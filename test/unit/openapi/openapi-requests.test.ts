import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  AccountPatch,
  AccountRequest,
  CreditRequest,
  RotationRequest,
} from '../../../functions/domain/accounts/account-request.ts';
import { KeyPatch, KeyRequest } from '../../../functions/domain/accounts/key-request.ts';
import {
  Base64UploadRequest,
  UrlUploadRequest,
} from '../../../functions/domain/files/upload-request.ts';
import { defaultModel, widestLimits } from '../../../functions/domain/model/catalogue.ts';
import { BatchRequest } from '../../../functions/domain/tasks/list-tasks.ts';
import { FileRequest, GenerationRequest } from '../../../functions/domain/wire/request.ts';
import { namedSchemaErrors } from '../../support/openapi.ts';

// A body that fits the document is accepted by the schema of the API, and the other way round.

const schemas = {
  GenerationRequest,
  BatchRequest,
  FileRequest,
  AccountRequest,
  AccountPatch,
  CreditRequest,
  RotationRequest,
  KeyRequest,
  KeyPatch,
  Base64UploadRequest,
  UrlUploadRequest,
} as const satisfies Record<string, z.ZodType>;
type Name = keyof typeof schemas;

const night = { prompt: 'A starry sky', image_urls: ['https://example.com/a.png'] };
const upload = { content_type: 'image/png' };
const { id: model, ...own } = defaultModel;
const { maxImages, maxN, maxPromptCodePoints } = widestLimits();
const key = { account: 'shop', name: 'web' };

const good: Readonly<Record<Name, readonly unknown[]>> = {
  GenerationRequest: [
    night,
    {
      ...night,
      prompt: '🌌'.repeat(own.maxPromptCodePoints),
      model,
      n: own.maxN,
      seed: 0,
      more: 1,
    },
    { ...night, image_urls: [...night.image_urls, 'https://example.com/b'], size: '768*768' },
    { prompt: ' a ', image_uploads: [upload, upload], watermark: true, prompt_extend: false },
    { ...night, negative_prompt: 'fog', metadata: { ['k'.repeat(64)]: 'v'.repeat(512) } },
    { ...night, n: null, model: null, size: null, seed: null, metadata: null, watermark: null },
    { ...night, image_uploads: null, negative_prompt: '', callback_url: '', size: '' },
    { ...night, image_uploads: [], size: 'auto', model: 'wan2.5-i2i-preview' },
    { ...night, size: '16:9', callback_url: 'https://example.com:8443/done' },
  ],
  BatchRequest: [{ task_ids: ['task-unified-1757156493-imcg5zqt'] }],
  FileRequest: [upload],
  AccountRequest: [{ id: 'a' }, { id: 'a-1', limits: { tasks_in_flight: 1 }, user_group: 'vip' }],
  AccountPatch: [{ user_group: 'vip' }, { limits: { requests_per_minute: null } }],
  CreditRequest: [{ credits: 1.234 }, { credits: -1e9, note: '' }],
  RotationRequest: [{}, { overlap_hours: 0.5 }, { overlap_hours: 168 }],
  KeyRequest: [key, { ...key, expires_at: null, allowed_models: [model], scopes: ['admin'] }],
  KeyPatch: [{ enabled: false }, { total_limit_credits: null }, { allowed_models: null }],
  Base64UploadRequest: [
    { base64_data: 'AAAA' },
    { base64_data: 'data:image/png;base64,AAAA', upload_path: 'a/b', file_name: 'x.png' },
  ],
  UrlUploadRequest: [{ file_url: 'https://example.com/a.png' }],
};

const bad: Readonly<Record<Name, readonly unknown[]>> = {
  GenerationRequest: [
    { ...night, prompt: ' \n' },
    { ...night, prompt: '🌌'.repeat(maxPromptCodePoints + 1) },
    { ...night, n: maxN + 1 },
    { ...night, n: 1.5 },
    { ...night, model: 'dall-e' },
    {
      ...night,
      image_urls: Array.from({ length: maxImages + 1 }, () => 'https://example.com/a.png'),
    },
    { ...night, size: 'large' },
    { ...night, metadata: { '': 'v' } },
    { ...night, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ''])) },
    { ...night, size: '5:4' },
    { ...night, prompt: null },
    { ...night, model: '' },
    { ...night, n: '' },
    { ...night, negative_prompt: ' ' },
  ],
  BatchRequest: [{ task_ids: [] }, {}],
  FileRequest: [{ content_type: 'image/gif' }],
  AccountRequest: [{ id: '-a' }, { id: 'A' }, { id: 'a', limits: { tasks_in_flight: 0 } }],
  AccountPatch: [{}, { limits: { tasks_in_flight: 0 } }, { user_group: '' }],
  CreditRequest: [{ credits: 0 }, { credits: 1e9 + 1 }, { credits: 1, note: 'x'.repeat(201) }],
  RotationRequest: [{ overlap_hours: 169 }, { overlap_hours: -1 }],
  KeyRequest: [{ account: 'shop' }, { ...key, name: ' ' }, { ...key, scopes: [] }],
  Base64UploadRequest: [{}, { base64_data: 1 }, { base64_data: 'A', file_name: 'x'.repeat(101) }],
  UrlUploadRequest: [{}, { file_url: null }, { file_url: 'https://a.b', upload_path: 1 }],
  KeyPatch: [{}, { allowed_models: [] }, { allowed_models: ['x'] }, { daily_limit_credits: -1 }],
};

// The rules that only a description says, because generators make nothing of a choice between required fields: the
// pictures come either as addresses or as uploads, and a change changes something.
const Pictures = z.object({
  image_urls: z.array(z.unknown()).nullish(),
  image_uploads: z.array(z.unknown()).nullish(),
});
const hasItsPictures = (body: unknown): boolean => {
  const { data } = Pictures.safeParse(body);
  return (data?.image_urls ?? []).length > 0 !== (data?.image_uploads ?? []).length > 0;
};
const hasKnownField = (schema: z.ZodObject, body: unknown): boolean =>
  Object.keys(Object(body)).some((field) => field in schema.shape);
const Limits = z.object({
  user_group: z.string().optional(),
  limits: z.object({
    requests_per_minute: z.unknown().optional(),
    tasks_in_flight: z.unknown().optional(),
  }),
});
const changesAnAccount = (body: unknown): boolean => {
  const { data } = Limits.safeParse(body);
  return (
    hasKnownField(AccountPatch, body) &&
    (!data || data.user_group !== undefined || Object.keys(data.limits).length > 0)
  );
};
const describedRules: Partial<Record<Name, (body: unknown) => boolean>> = {
  GenerationRequest: hasItsPictures,
  AccountPatch: changesAnAccount,
  KeyPatch: (body) => hasKnownField(KeyPatch, body),
};
const keepsDescribedRule = (name: Name, body: unknown): boolean =>
  describedRules[name]?.(body) ?? true;

test.each([
  ['GenerationRequest', { prompt: 'A starry sky' }],
  ['GenerationRequest', { ...night, image_urls: null }],
  ['GenerationRequest', { ...night, image_urls: [] }],
  ['GenerationRequest', { ...night, image_uploads: [upload] }],
  ['AccountPatch', { limits: {} }],
  ['AccountPatch', { more: 1 }],
  ['KeyPatch', { more: 1 }],
] as const)('the API rejects the %s %j, which the document can only describe', (name, body) => {
  expect(namedSchemaErrors(name, body)).toEqual([]);
  expect(keepsDescribedRule(name, body)).toBe(false);
  expect(schemas[name].safeParse(body).success).toBe(false);
});

const names: readonly Name[] = [
  'GenerationRequest',
  'BatchRequest',
  'FileRequest',
  'AccountRequest',
  'AccountPatch',
  'CreditRequest',
  'RotationRequest',
  'KeyRequest',
  'KeyPatch',
];
const each = (of: Readonly<Record<Name, readonly unknown[]>>) =>
  names.flatMap((name) =>
    of[name].map((body) => [name, JSON.stringify(body).slice(0, 80), body] as const),
  );

describe('the document and the API', () => {
  test('have bodies to accept and to reject for every request', () => {
    for (const name of names) expect([name, good[name].length, bad[name].length]).not.toContain(0);
    expect(names).not.toEqual([]);
  });

  test.each(each(good))('both accept the %s %s', (name, _, body) => {
    expect(namedSchemaErrors(name, body)).toEqual([]);
    expect(schemas[name].safeParse(body).success).toBe(true);
  });

  test.each(each(bad))('both reject the %s %s', (name, _, body) => {
    expect(namedSchemaErrors(name, body)).not.toEqual([]);
    expect(schemas[name].safeParse(body).success).toBe(false);
  });

  test.each(names)('agree about every %s with a missing or garbled field', (name) => {
    // URLs are checked later, by a rule that no schema has.
    const fields = Object.keys(Object.assign({}, ...good[name])).filter(
      (field) => field !== 'image_urls' && field !== 'callback_url',
    );
    // Only whole numbers: that credits have at most three decimals is said in the description only, since
    // validators do not check decimals reliably.
    const text = fc.string();
    // Between the limit of the default model and the widest one, only the API knows which model is meant.
    const integer = fc.integer().filter((value) => value <= own.maxN || value > maxN);
    const plain = fc.oneof(text, integer, fc.boolean(), fc.constantFrom(null, undefined));
    // JSON can have a field of this name, and zod ignores it.
    const fieldName = text.filter((name) => name !== '__proto__');
    const garbled = fc.oneof(plain, fc.array(plain), fc.dictionary(fieldName, plain));
    const change = fc.record({ field: fc.constantFrom(...fields, 'more'), value: garbled });
    const bodies = fc.record({ body: fc.constantFrom(...good[name]), change });
    fc.assert(
      fc.property(bodies, ({ body, change: { field, value } }) => {
        const sent = JSON.parse(JSON.stringify(Object.assign({}, body, { [field]: value })));
        const fits = namedSchemaErrors(name, sent).length === 0 && keepsDescribedRule(name, sent);
        return fits === schemas[name].safeParse(sent).success;
      }),
    );
  });
});
