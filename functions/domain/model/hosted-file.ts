import { dayMs, hourMs } from './duration.ts';
import type { ImageFormat } from './image-format.ts';

// A hosted file: a picture that a caller has stored through the Files API. It has a link, and whoever has the link can
// fetch it. A file of `POST /v1/files` is something else: it has no link and is an input of its account alone.

/** The record of a hosted file. */
export type HostedFile = {
  /** Made of account, path and name: a file of the same name has the same id. */
  readonly id: string;
  readonly account: string;
  /** The path in which it lies, without a slash at its ends. */
  readonly path: string;
  readonly name: string;
  /** The name of the caller's own file. */
  readonly originalName: string;
  readonly format: ImageFormat;
  readonly bytes: number;
  /** Tells these bytes apart from those that they have replaced. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly uploadedAt: number;
  /** Since when there is a file of this name: it may have been replaced in the meantime, but was never missing. */
  readonly since: number;
  readonly expiresAt: number;
};

/** How long a hosted file is kept, in milliseconds: 72 hours, as published. */
export const hostedFileTtlMs = 72 * hourMs;

/** The same in days, which is how a bucket counts. */
export const hostedFileDays = hostedFileTtlMs / dayMs;

const defaultMaxFiles = 100;
/** The groups that may have more, as published. */
const maxFilesByGroup: Readonly<Record<string, number>> = { vip: 500 };

/** How many hosted files an account of this user group may have at once. */
export const maxFilesOf = (userGroup: string): number =>
  (Object.hasOwn(maxFilesByGroup, userGroup) ? maxFilesByGroup[userGroup] : undefined) ??
  defaultMaxFiles;

/**
 * The largest file in the body of a request, in bytes. Lambda accepts an event of 6 MB (6,291,456 bytes). In it a file is
 * Base64, which is a third longer; this limit leaves 400 kB for the rest. Above 6 MB none of our code runs: the gateway
 * rejects the request with its own error body.
 */
export const maxUploadBytes = 4_400_000;
