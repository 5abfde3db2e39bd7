import type { Readable } from 'node:stream';
import type { Authorizer } from '../iam/authorizer.ts';
import type { CorsRule } from './cors.ts';
import type { Address, Headers } from './http-request.ts';
import type { EventName, Notification } from './notification.ts';
import type { Credentials } from './signing-key.ts';
import type { Store, Stored } from './store.ts';

/** A request whose bucket exists. */
export type S3Request = {
  readonly address: Address;
  readonly bucket: Bucket;
  readonly store: Store;
  /** With lower-case names; after verification also the headers in the query of a presigned request. */
  readonly headers: Headers;
  readonly body: AsyncIterable<Buffer>;
  /** See `VerifiedRequest.payload`. */
  readonly payload: string;
};

export type S3Response = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  /** The new object, for the bucket's notifications. */
  readonly created?: { readonly event: EventName; readonly object: Stored };
};

/** A bucket as the template describes it. */
export type Bucket = {
  readonly name: string;
  /** Whether a write keeps the version that it replaces. */
  readonly versioned?: boolean;
  readonly cors?: readonly CorsRule[];
  readonly notifications?: readonly Notification[];
};

/** The dependencies for handling a request. */
export type S3Context = {
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly stores: ReadonlyMap<string, Store>;
  readonly credentials: readonly Credentials[];
  readonly authorize: Authorizer;
  readonly now: () => number;
};
