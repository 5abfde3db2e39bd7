import { encodeName } from './http-request.ts';
import type { Stored } from './store.ts';

/** A function of the bucket's notification configuration. */
export type Notification = {
  readonly prefix: string;
  readonly suffix?: string;
  notify(event: S3Event): void | Promise<void>;
};

/** Calls the notifications whose prefix and suffix match, and does not wait for them. `onError` gets their errors. */
export function sendNotifications(
  notifications: readonly Notification[],
  event: S3Event,
  key: string,
  onError: (cause: unknown) => void,
): void {
  for (const notification of notifications) {
    if (key.startsWith(notification.prefix) && key.endsWith(notification.suffix ?? '')) {
      Promise.resolve()
        .then(() => notification.notify(event))
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
            key: encodeName(object.key),
            size: object.size,
            eTag: object.etag,
            ...(object.versionId !== 'null' && { versionId: object.versionId }),
            sequencer: object.sequencer.toString(16).toUpperCase().padStart(16, '0'),
          },
        },
      },
    ],
  };
}

export type EventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload';

/** The event that a function gets for a new object. */
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
      /** In a bucket with versions. */
      readonly versionId?: string;
      readonly sequencer: string;
    };
  };
};
