import type { Judge } from '../rights/judge.ts';
import type { Need } from '../rights/statement.ts';
import { bucketArn } from '../template/physical.ts';
import type { Call } from './call.ts';
import { sourceOf } from './copy-object.ts';
import { Fault } from './fault.ts';
import type { Store } from './store.ts';

type Stores = ReadonlyMap<string, Store>;

/** Throws unless the signer of a request may do all that. */
export function requireRight(judge: Judge, signer: string, needs: readonly Need[]): void {
  const objection = judge(signer, needs);
  if (objection) throw new Fault('AccessDenied', objection);
}

/** What a request must be allowed to do. */
export function needsOf(method: string, call: Call, stores: Stores): readonly Need[] {
  const { address, bucket, headers } = call;
  if (address.key === '') return [listing(bucket.name)];
  switch (method) {
    case 'PUT':
      return [
        ...copying(headers['x-amz-copy-source'], stores),
        ...(headers['if-match'] ? [getting(bucket.name, address.key)] : []),
        ...putting(bucket.name, address.key),
      ];
    case 'DELETE':
      return [{ action: 's3:DeleteObject', resource: objectArn(bucket.name, address.key) }];
    default:
      return reading(bucket.name, address.key, stores);
  }
}

export const putting = (bucket: string, key: string): readonly Need[] => [
  { action: 's3:PutObject', resource: objectArn(bucket, key) },
];

function copying(source: string | undefined, stores: Stores): readonly Need[] {
  if (source === undefined) return [];
  const { bucket, key } = sourceOf(source);
  return reading(bucket, key, stores);
}

// That an object is not there is told only to who may list: to everybody else it is forbidden.
function reading(bucket: string, key: string, stores: Stores): readonly Need[] {
  const isThere = stores.get(bucket)?.find(key) !== undefined;
  return [getting(bucket, key), ...(isThere ? [] : [listing(bucket)])];
}

const getting = (bucket: string, key: string): Need => ({
  action: 's3:GetObject',
  resource: objectArn(bucket, key),
});

const listing = (bucket: string): Need => ({
  action: 's3:ListBucket',
  resource: bucketArn(bucket),
});

const objectArn = (bucket: string, key: string) => `${bucketArn(bucket)}/${key}`;
