import { encodedPath } from './address.ts';
import { attributesOf, quoted } from './attributes.ts';
import type { Call, Reply } from './call.ts';
import { checked, declaredChecks } from './digests.ts';
import { Fault } from './fault.ts';
import { type Form, readForm } from './form.ts';
import type { Gate } from './gate.ts';
import { putting, requireRight } from './needs.ts';
import { type Fields, requirePolicy, type SizeRange } from './policy.ts';
import type { Stored } from './store.ts';
import { xmlDocument } from './xml.ts';

/** The upload of a browser: a form whose signed policy is its permission. */
export async function postObject(
  { bucket, headers, body, store }: Call,
  { credentials, judge, now }: Gate,
): Promise<Reply> {
  const form = await readForm(headers['content-type'] ?? '', body);
  const fields = expanded(form, bucket.name);
  const key = requireKey(fields);
  const { range, signer } = requirePolicy(fields, credentials, now());
  requireRight(judge, signer, putting(bucket.name, key));
  const sent = Object.fromEntries(fields);
  const object = await store.put({
    key,
    headers: attributesOf(sent),
    body: checked(limited(form.file, range), declaredChecks(sent, new Map())),
  });
  return {
    ...reply(fields, object, bucket.name, headers['host'] ?? ''),
    created: { event: 'ObjectCreated:Post', object },
  };
}

// The policy speaks about the bucket that was posted to, whatever the form calls it, and about the
// fields as they are after the file's name was put in.
function expanded({ fields, filename }: Form, bucket: string): Fields {
  const placeholder = '$' + '{filename}';
  const values = [...fields].map(
    ([name, value]) => [name, value.replaceAll(placeholder, () => filename)] as const,
  );
  return new Map([...values, ['bucket', bucket]]);
}

function requireKey(fields: Fields): string {
  const key = fields.get('key');
  if (!key) throw new Fault('InvalidArgument', "Bucket POST must contain a field named 'key'.");
  if (Buffer.byteLength(key) > 1024) throw new Fault('KeyTooLongError');
  return key;
}

/** Stops in the middle of a file that is too big. */
async function* limited(
  file: AsyncIterable<Buffer>,
  { min, max }: SizeRange,
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of file) {
    size += chunk.length;
    if (size > max) throw new Fault('EntityTooLarge');
    yield chunk;
  }
  if (size < min) throw new Fault('EntityTooSmall');
}

function reply(fields: Fields, object: Stored, bucket: string, host: string): Reply {
  const location = `http://${host}/${encodedPath(`${bucket}/${object.key}`)}`;
  const headers = { etag: quoted(object), location };
  switch (fields.get('success_action_status')) {
    case '200':
      return { status: 200, headers };
    case '201': {
      const answer = { Location: location, Bucket: bucket, Key: object.key, ETag: quoted(object) };
      return { status: 201, headers, body: xmlDocument('PostResponse', answer) };
    }
    default:
      return { status: 204, headers };
  }
}
