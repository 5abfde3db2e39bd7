import * as z from 'zod';
import { S3Error } from './error.ts';
import { type Credentials, requireSignature, scopeOf } from './signing-key.ts';

const Size = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);
const Value = z.union([z.string(), z.number()]).transform(String);
const Condition = z.union([
  z.tuple([z.enum(['eq', 'starts-with']), z.string().startsWith('$'), Value]),
  z.tuple([z.literal('content-length-range'), Size, Size]),
  z.record(z.string(), Value),
]);
const Policy = z.object({ expiration: z.iso.datetime(), conditions: z.array(Condition) });

/** The fields of a posted form, with lower-case names. */
export type Fields = ReadonlyMap<string, string>;
export type SizeRange = { readonly min: number; readonly max: number };
type Match = {
  readonly operator: 'eq' | 'starts-with';
  readonly field: string;
  readonly value: string;
};

/** The size that a form's policy allows, and the access key that signed it. */
type Signed = { readonly range: SizeRange; readonly signer: string };

/** @throws {S3Error} unless the form's policy is signed, has not expired, and allows every field */
export function requirePolicy(
  fields: Fields,
  credentials: readonly Credentials[],
  now: number,
): Signed {
  const encoded = fields.get('policy');
  if (encoded === undefined) throw new S3Error('AccessDenied');
  const signer = requireSignedPolicy(encoded, fields, credentials);

  const { expiration, conditions } = parsed(encoded);
  if (now >= Date.parse(expiration)) rejectPost('Policy expired.');
  const matches = conditions.flatMap(toMatches);
  for (const match of matches) requireMatch(match, fields.get(match.field) ?? '');
  requireCovered(fields, new Set(matches.map(({ field }) => field)));
  return { range: tightest(conditions.flatMap((condition) => toRange(condition))), signer };
}

function requireSignedPolicy(
  text: string,
  fields: Fields,
  credentials: readonly Credentials[],
): string {
  const field = (name: string) => {
    const value = fields.get(name);
    if (value) return value;
    throw new S3Error('InvalidArgument', `Bucket POST must contain a field named '${name}'`);
  };
  if (field('x-amz-algorithm') !== 'AWS4-HMAC-SHA256') {
    throw new S3Error('InvalidArgument', 'X-Amz-Algorithm must be AWS4-HMAC-SHA256');
  }
  const scope = scopeOf(field('x-amz-credential'), 'InvalidArgument');
  if (!field('x-amz-date').startsWith(scope.day)) {
    throw new S3Error('InvalidArgument', 'X-Amz-Date must be on the day of X-Amz-Credential');
  }
  return requireSignature(credentials, { scope, text, signature: field('x-amz-signature') });
}

function parsed(encoded: string): z.infer<typeof Policy> {
  try {
    return Policy.parse(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
  } catch (cause) {
    throw new S3Error('InvalidPolicyDocument', 'Invalid Policy: Invalid JSON.', { cause });
  }
}

function toMatches(condition: z.infer<typeof Condition>): Match[] {
  if (!Array.isArray(condition)) {
    return Object.entries(condition).map(([name, value]) => ({
      operator: 'eq',
      field: name.toLowerCase(),
      value,
    }));
  }
  const [operator, name, value] = condition;
  if (operator === 'content-length-range') return [];
  return [{ operator, field: name.slice(1).toLowerCase(), value }];
}

function requireMatch({ operator, field, value }: Match, given: string): void {
  if (operator === 'eq' ? given !== value : !given.startsWith(value)) {
    rejectPost(`Policy Condition failed: ${JSON.stringify([operator, `$${field}`, value])}`);
  }
}

function requireCovered(fields: Fields, covered: ReadonlySet<string>): void {
  const extra = [...fields.keys()].filter(
    (name) =>
      !covered.has(name) && !fieldsWithoutCondition.has(name) && !name.startsWith('x-ignore-'),
  );
  if (extra.length > 0) rejectPost(`Extra input fields: ${extra.join(', ')}`);
}

const fieldsWithoutCondition: ReadonlySet<string> = new Set(['x-amz-signature', 'file', 'policy']);

function toRange(condition: z.infer<typeof Condition>): SizeRange[] {
  if (!Array.isArray(condition) || condition[0] !== 'content-length-range') return [];
  const [, min, max] = condition;
  return [{ min, max }];
}

const tightest = (ranges: readonly SizeRange[]): SizeRange => ({
  min: Math.max(0, ...ranges.map(({ min }) => min)),
  max: Math.min(Number.MAX_SAFE_INTEGER, ...ranges.map(({ max }) => max)),
});

function rejectPost(reason: string): never {
  throw new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`);
}
