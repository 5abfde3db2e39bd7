import type { Call, Reply } from './call.ts';
import { copyObject } from './copy-object.ts';
import { Fault } from './fault.ts';
import type { Gate } from './gate.ts';
import { getObject, headObject } from './get-object.ts';
import { listObjects } from './list-objects.ts';
import { needsOf, requireRight } from './needs.ts';
import { postObject } from './post-object.ts';
import { putObject } from './put-object.ts';
import { verify } from './signature.ts';

/** Lets a request in and does what it asks. */
export async function respond(gate: Gate, method: string, arrived: Call): Promise<Reply> {
  if (isForm(method, arrived)) return postObject(arrived, gate);
  const { headers, payload, signer } = verify({ ...arrived, method }, gate.credentials, gate.now());
  requireKnownQuery(arrived.address.query);
  const call = { ...arrived, headers };
  requireRight(gate.judge, signer, needsOf(method, call, gate.stores));
  return call.address.key === '' ? onBucket(method, call) : onObject(gate, method, call, payload);
}

const isForm = (method: string, { address, headers }: Call): boolean =>
  method === 'POST' &&
  address.key === '' &&
  /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

function onBucket(method: string, call: Call): Reply {
  if (method === 'HEAD') return { status: 200 };
  if (method === 'GET') return listObjects(call);
  throw new Fault('MethodNotAllowed');
}

async function onObject(
  { stores }: Gate,
  method: string,
  call: Call,
  payload: string,
): Promise<Reply> {
  switch (method) {
    case 'GET':
      return getObject(call);
    case 'HEAD':
      return headObject(call);
    case 'PUT': {
      const source = call.headers['x-amz-copy-source'];
      return source === undefined ? putObject(call, payload) : copyObject(call, source, stores);
    }
    case 'DELETE':
      await call.store.remove(call.address.key);
      return { status: 204 };
    default:
      throw new Fault('MethodNotAllowed');
  }
}

const listParameters =
  'list-type|prefix|max-keys|continuation-token|start-after|delimiter|encoding-type';
const knownQuery = new RegExp(`^(x-id|x-amz-.*|response-.*|fetch-owner|${listParameters})$`, 'i');

// `?uploadId=…` taken for a plain PUT would overwrite the object with a part of it.
function requireKnownQuery(query: URLSearchParams): void {
  const unknown = [...query.keys()].find((name) => !knownQuery.test(name));
  if (unknown) throw new Fault('NotImplemented', `This S3 does not know ?${unknown}.`);
}
