import { S3Error } from './error.ts';
import type { Address, Headers } from './http-request.ts';
import { operationName } from './operation-name.ts';
import { postObject } from './post-object.ts';
import type { S3Context, S3Response } from './request.ts';
import { requirePermission } from './required-actions.ts';
import { servedOperation } from './served-operations.ts';
import { verifySignature } from './signature.ts';

/** A request as it arrived. */
export type UnverifiedRequest = {
  readonly method: string;
  readonly address: Address;
  /** With lower-case names. */
  readonly headers: Headers;
  readonly body: AsyncIterable<Buffer>;
};

/** Names the operation of a request, checks its signature and its permissions, and carries it out. */
export async function handleRequest(
  context: S3Context,
  unverified: UnverifiedRequest,
): Promise<S3Response> {
  const { address, body } = unverified;
  if (isForm(unverified)) {
    return postObject({ ...unverified, ...bucketAt(context, address) }, context);
  }
  const { headers, payload, signer } = verifySignature(
    unverified,
    context.credentials,
    context.now(),
  );
  const name = operationName(unverified.method, address, headers);
  const operation = servedOperation(name, address.query, headers);
  const request = { address, headers, body, payload, ...bucketAt(context, address) };
  requirePermission(context.authorize, signer, operation.requiredActions(request, context));
  return operation.run(request, context);
}

// A form has the signature of its policy, which is inside of it.
const isForm = ({ method, address, headers }: UnverifiedRequest): boolean =>
  method === 'POST' &&
  address.key === '' &&
  /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

function bucketAt({ buckets, stores }: S3Context, address: Address) {
  const bucket = buckets.get(address.bucket);
  const store = stores.get(address.bucket);
  if (!bucket || !store) throw new S3Error('NoSuchBucket');
  return { bucket, store };
}
