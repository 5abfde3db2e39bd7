import { encodedPath } from './address.ts';
import type { Bucket } from './bucket.ts';
import type { Stored } from './store.ts';

export type EventName = 'ObjectCreated:Put' | 'ObjectCreated:Post' | 'ObjectCreated:Copy';

/** What S3 tells a Lambda about a new object. */
export type S3Event = { readonly Records: readonly S3Record[] };

type S3Record = {
  readonly eventVersion: '2.1';
  readonly eventSource: 'aws:s3';
  readonly awsRegion: string;
  readonly eventTime: string;
  readonly eventName: EventName;
  readonly s3: {
    readonly bucket: { readonly name: string; readonly arn: string };
    readonly object: {
      /** URL-encoded, a space as `+`. */
      readonly key: string;
      readonly size: number;
      readonly eTag: string;
      readonly sequencer: string;
    };
  };
};

/** Tells the listeners whose prefix and suffix fit. Nobody waits for them; what they throw goes to `onError`. */
export function announce(
  bucket: Bucket,
  event: S3Event,
  key: string,
  onError: (cause: unknown) => void,
): void {
  for (const listener of bucket.notifications ?? []) {
    if (key.startsWith(listener.prefix) && key.endsWith(listener.suffix ?? '')) {
      Promise.resolve(event)
        .then((told) => listener.notify(told))
        .catch(onError);
    }
  }
}

export function s3Event(
  bucketName: string,
  eventName: EventName,
  object: Stored,
  awsRegion: string,
): S3Event {
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion,
        eventTime: new Date(object.modifiedAt).toISOString(),
        eventName,
        s3: {
          bucket: { name: bucketName, arn: `arn:aws:s3:::${bucketName}` },
          object: {
            key: encodedPath(object.key).replaceAll('%20', '+'),
            size: object.size,
            eTag: object.etag,
            sequencer: object.sequencer.toString(16).toUpperCase().padStart(16, '0'),
          },
        },
      },
    ],
  };
}
