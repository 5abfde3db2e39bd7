import { names, quoted } from './attributes.ts';
import type { Call, Reply } from './call.ts';
import { Fault } from './fault.ts';
import { type Range, rangeOf } from './range.ts';
import type { Stored } from './store.ts';

export async function getObject(call: Call): Promise<Reply> {
  const found = await call.store.open(call.address.key);
  if (!found) throw new Fault('NoSuchKey');
  const { object, file } = found;
  try {
    const { range, ...reply } = described(call, object);
    if (reply.status === 304) {
      await file.close();
      return reply;
    }
    const span = range && { start: range.first, end: range.last };
    return { ...reply, body: file.createReadStream(span) };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

export function headObject(call: Call): Reply {
  const object = call.store.find(call.address.key);
  if (!object) throw new Fault('NoSuchKey');
  const { range: _, ...reply } = described(call, object);
  return reply;
}

function described(
  { address, headers }: Call,
  object: Stored,
): Reply & { range?: Range | undefined } {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match && !names(match, object)) throw new Fault('PreconditionFailed');
  const identity = {
    etag: quoted(object),
    'last-modified': new Date(object.modifiedAt).toUTCString(),
  };
  if (noneMatch && names(noneMatch, object)) return { status: 304, headers: identity };

  const range = rangeOf(headers['range'], object.size);
  const length = range ? range.last - range.first + 1 : object.size;
  return {
    status: range ? 206 : 200,
    headers: {
      ...object.headers,
      ...overrides(address.query),
      ...identity,
      'accept-ranges': 'bytes',
      'content-length': String(length),
      ...(range && { 'content-range': `bytes ${range.first}-${range.last}/${object.size}` }),
      // Of the whole object, so only beside the whole object.
      ...(!range && headers['x-amz-checksum-mode'] && { 'x-amz-checksum-crc32': object.crc32 }),
    },
    range,
  };
}

const overridable =
  /^response-(content-(?:type|disposition|encoding|language)|cache-control|expires)$/;

const overrides = (query: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    [...query].flatMap(([parameter, value]) => {
      const name = overridable.exec(parameter)?.[1];
      return name ? [[name, value]] : [];
    }),
  );
