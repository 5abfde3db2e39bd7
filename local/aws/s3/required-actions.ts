import type { Authorizer } from '../iam/authorizer.ts';
import type { RequiredAction } from '../iam/evaluate-policy.ts';
import { bucketArn } from '../template/physical-names.ts';
import { parseCopySource } from './copy-source.ts';
import { S3Error } from './error.ts';
import type { S3Context, S3Request } from './request.ts';
import { wantedVersion } from './wanted-version.ts';

/** @throws {S3Error} unless the signer of a request may do all these actions */
export function requirePermission(
  authorize: Authorizer,
  signer: string,
  actions: readonly RequiredAction[],
): void {
  const denial = authorize(signer, actions);
  if (denial) throw new S3Error('AccessDenied', denial);
}

export const readActions = (
  { address, bucket }: S3Request,
  context: S3Context,
): readonly RequiredAction[] =>
  readObject(
    { bucket: bucket.name, key: address.key, versionId: wantedVersion(address.query) },
    context,
  );

export const putActions = ({ address, bucket, headers }: S3Request): readonly RequiredAction[] => [
  ...(headers['if-match']
    ? [{ action: 's3:GetObject', resource: objectArn(bucket.name, address.key) }]
    : []),
  ...putObjectActions(bucket.name, address.key),
];

/** Of CopyObject and UploadPartCopy. */
export const copyActions = (request: S3Request, context: S3Context): readonly RequiredAction[] => [
  ...readObject(parseCopySource(request.headers), context),
  ...putActions(request),
];

export const deleteActions = ({ address, bucket }: S3Request): readonly RequiredAction[] => [
  {
    action: address.query.has('versionId') ? 's3:DeleteObjectVersion' : 's3:DeleteObject',
    resource: objectArn(bucket.name, address.key),
  },
];

/** One action on the object of the request. */
export const objectActions =
  (action: string) =>
  ({ address, bucket }: S3Request): readonly RequiredAction[] => [
    { action, resource: objectArn(bucket.name, address.key) },
  ];

/** One action on the bucket of the request. */
export const bucketActions =
  (action: string) =>
  ({ bucket }: S3Request): readonly RequiredAction[] => [
    { action, resource: bucketArn(bucket.name) },
  ];

export const putObjectActions = (bucket: string, key: string): readonly RequiredAction[] => [
  { action: 's3:PutObject', resource: objectArn(bucket, key) },
];

type Location = {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
};

// Only a caller who may list the bucket gets 404 for a missing object; every other gets 403.
function readObject(
  { bucket, key, versionId }: Location,
  { stores }: S3Context,
): readonly RequiredAction[] {
  const exists = stores.get(bucket)?.find(key, versionId) !== undefined;
  const action = versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
  return [{ action, resource: objectArn(bucket, key) }, ...(exists ? [] : [listBucket(bucket)])];
}

const listBucket = (bucket: string): RequiredAction => ({
  action: 's3:ListBucket',
  resource: bucketArn(bucket),
});

const objectArn = (bucket: string, key: string) => `${bucketArn(bucket)}/${key}`;
