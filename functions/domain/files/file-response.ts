import type * as z from 'zod';
import type { HostedFile } from '../model/hosted-file.ts';
import type { HostedFile as FileSchema } from '../wire/hosted-file.ts';
import { fileLinks } from './file-link.ts';
import { mimeTypeOf } from './file-name.ts';

type Deps = {
  readonly baseUrl: string;
  /** The newest signing key. */
  readonly secret: () => Promise<string>;
};

/** A time without fractions of a second, because the link that ends then has none either. */
const isoSeconds = (at: number): string =>
  new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** What the Files API says about files, with signed links to them. */
export const filesView =
  ({ baseUrl, secret }: Deps) =>
  async (files: readonly HostedFile[]): Promise<z.input<typeof FileSchema>[]> => {
    const key = await secret();
    return files.map((file) => ({
      file_id: file.id,
      file_name: file.name,
      original_name: file.originalName,
      file_size: file.bytes,
      mime_type: mimeTypeOf(file),
      upload_path: file.path,
      ...fileLinks(baseUrl, key, file),
      upload_time: isoSeconds(file.uploadedAt),
      expires_at: isoSeconds(file.expiresAt),
    }));
  };
