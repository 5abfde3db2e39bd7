import type { CorsRule } from './cors.ts';
import type { S3Event } from './notification.ts';

/** A bucket as the template describes it. */
export type Bucket = {
  readonly name: string;
  readonly cors?: readonly CorsRule[];
  readonly notifications?: readonly Notification[];
};

type Notification = {
  readonly prefix: string;
  readonly suffix?: string;
  notify(event: S3Event): void | Promise<void>;
};
