import type { Clock } from '../model/clock.ts';
import { type HostedFile, hostedFileTtlMs } from '../model/hosted-file.ts';
import { isHostedFileId } from '../model/ids.ts';
import { downloadFilePath, pathTo, showFilePath } from '../model/paths.ts';
import { Problem } from '../model/problem.ts';
import { isSigned, type SigningKeys, signatureOf, signaturePattern } from '../model/signature.ts';
import { type Delivery, deliver, maxDeliveredBytes } from '../wire/deliver-picture.ts';
import { contentDisposition, extensionOf, mimeTypeOf } from './file-name.ts';
import type { FileBucket, HostedFiles, Presentation } from './ports.ts';

// The links of a hosted file. They lead to our API, which checks the signature and whether the file is still there. The
// API sends the bytes itself if a response can carry them, so that no browser guesses their type.

const partsOf = (presentation: Presentation, fileId: string, expires: number) => [
  'file',
  presentation,
  fileId,
  expires,
];

const inSeconds = (at: number): number => Math.floor(at / 1000);

/**
 * When the links to an upload of this time end. A link that ends before the links to the first upload of a file belongs to
 * an earlier, deleted file of the same name, and must not show the new one.
 */
const linkEnd = (uploadedAt: number): number => inSeconds(uploadedAt + hostedFileTtlMs);

/** The link that shows a file, and the one that saves it. Both end when the file does. */
export function fileLinks(baseUrl: string, secret: string, { id, format, expiresAt }: HostedFile) {
  const expires = inSeconds(expiresAt);
  const query = (presentation: Presentation) =>
    `expires=${expires}&signature=${signatureOf(secret, partsOf(presentation, id, expires))}`;
  return {
    // Some programs take the type of a picture from the end of the path.
    file_url: `${baseUrl}${pathTo(showFilePath, { file: `${id}.${extensionOf(format)}` })}?${query('inline')}`,
    download_url: `${baseUrl}${pathTo(downloadFilePath, { file: id })}?${query('attachment')}`,
  };
}

export type FileLink = {
  /** The id, with or without an extension. */
  readonly file: string;
  readonly presentation: Presentation;
  readonly expires: string;
  readonly signature: string;
};

type Deps = {
  readonly files: Pick<HostedFiles, 'find'>;
  readonly bucket: Pick<FileBucket, 'link' | 'read'>;
  readonly keys: SigningKeys;
  readonly now: Clock;
};

/**
 * The picture behind a link of a hosted file; one that is too large for a response, as a redirect.
 * @throws {Problem} `permission_denied`, which does not say what is wrong with the link; `file_not_found` when the file
 *   was deleted; `picture_too_large`
 */
export const openFileLink =
  ({ files, bucket, keys, now }: Deps) =>
  async ({ file, presentation, expires, signature }: FileLink, wanted: Delivery) => {
    const id = file.split('.', 1).join('');
    const until = Number(expires);
    const isValid =
      isHostedFileId(id) &&
      until * 1000 > now() &&
      signaturePattern.test(signature) &&
      (await isSigned(signature, keys, partsOf(presentation, id, until)));
    if (!isValid) throw invalidFileLink();
    const found = await files.find(id, now());
    if (!found || until < linkEnd(found.since)) throw fileDeleted();
    const isSmall = found.bytes <= maxDeliveredBytes;
    return deliver(wanted === 'redirect' && isSmall ? 'bytes' : wanted, {
      contentType: mimeTypeOf(found),
      bytes: found.bytes,
      filename: `${id}.${extensionOf(found.format)}`,
      disposition: contentDisposition(presentation, found),
      link: () => bucket.link(found, presentation),
      read: () => bucket.read(found),
    });
  };

const invalidFileLink = (): Problem =>
  new Problem(
    'permission_denied',
    'This link is not valid, or not any more: list the files again to get fresh links.',
  );

const fileDeleted = (): Problem => new Problem('file_not_found', 'This file was deleted.');
