import type { ImageFile } from '../images/image-file.ts';
import type { HostedFile } from '../model/hosted-file.ts';

/** A hosted file in the list of its account. */
type ListedFile = { readonly id: string; readonly uploadedAt: number };

/** The records of the hosted files. A file that has expired counts as missing from that very moment on. */
export type HostedFiles = {
  /**
   * Adds a file, or replaces the one of the same id, whose `since` stays. Otherwise nothing was written. `full`: the account
   * already has `maxFiles` other files; this holds however many calls come at once. `busy`: other uploads of the account
   * conflicted with every attempt. `deleted`: the file of this id was removed after `uploadedAt`, and perhaps the bytes of
   * this upload with it.
   */
  put(file: HostedFile, maxFiles: number): Promise<'stored' | 'full' | 'busy' | 'deleted'>;
  find(id: string, now: number): Promise<HostedFile | undefined>;
  /** The files with these ids, in any order. */
  findAll(ids: readonly string[], now: number): Promise<readonly HostedFile[]>;
  /** All files of an account, the newest first. */
  list(account: string, now: number): Promise<readonly ListedFile[]>;
  /** Removes a file that is still as it was read. `false`: it was replaced or removed in the meantime. */
  remove(file: HostedFile, now: number): Promise<boolean>;
};

/** A file on our disk that was not inspected yet. Disposing of it removes it from the disk. */
export type ReceivedFile = AsyncDisposable & {
  readonly file: ImageFile;
  /** Stores its bytes as those of this hosted file. */
  store(as: HostedFile): Promise<void>;
};

/** How a link presents a file: shown by a browser, or saved under its name. */
export type Presentation = 'inline' | 'attachment';

/** The bytes of the hosted files. */
export type FileBucket = {
  /** A link to the bytes that works for some minutes. */
  link(file: HostedFile, presentation: Presentation): Promise<string>;
  read(file: HostedFile): Promise<Buffer>;
  /** Deletes them for good, also those of earlier uploads. */
  deleteAll(file: Pick<HostedFile, 'account' | 'id'>): Promise<void>;
};

/** Why the bytes of a file did not arrive. A `detail` is public and completes "file_url …". */
export type FileProblemReason =
  | { readonly reason: 'too-large'; readonly maxBytes: number }
  /** The response of the address had another status than a 2xx. */
  | { readonly reason: 'http-status'; readonly status: number }
  /** The address may not be used. */
  | { readonly reason: 'address'; readonly detail: string }
  /** The address gave no complete response. */
  | { readonly reason: 'unreachable'; readonly detail: string }
  /** The body of the request broke off. */
  | { readonly reason: 'incomplete' };

/** The bytes of a file did not arrive. The adapter says why; `uploadFile` says what the caller reads. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
  readonly problem: FileProblemReason;

  constructor(problem: FileProblemReason, options?: ErrorOptions) {
    super(problem.reason, options);
    this.problem = problem;
  }
}
