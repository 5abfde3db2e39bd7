import type { Readable } from 'node:stream';
import type { Address } from './address.ts';
import type { Bucket } from './bucket.ts';
import type { EventName } from './notification.ts';
import type { Store, Stored } from './store.ts';

/** A request that was let in. */
export type Call = {
  readonly address: Address;
  readonly bucket: Bucket;
  readonly store: Store;
  /** Lower-case names; of a presigned request with the headers that its query carries. */
  readonly headers: Headers;
  readonly body: AsyncIterable<Buffer>;
};

export type Headers = Readonly<Record<string, string | undefined>>;

export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  /** What the bucket's listeners hear about once the object is durable. */
  readonly created?: { readonly event: EventName; readonly object: Stored };
};
