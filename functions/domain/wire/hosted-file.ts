import * as z from 'zod';
import { patterns } from '../model/ids.ts';
import { contentTypeOf, imageFormats } from '../model/image-format.ts';

const time = (what: string) => z.iso.datetime().describe(what);

/** A file of the Files API, as published. */
export const HostedFile = z
  .strictObject({
    file_id: z
      .string()
      .regex(patterns.hostedFileId)
      .describe('The id of the file: the same for every file of this name in this path'),
    file_name: z
      .string()
      .describe('The name of the file; a file of the same name in the same path replaces it'),
    original_name: z.string().describe('The name of the file at its source'),
    file_size: z.int().min(1).describe('The size of the file in bytes'),
    mime_type: z
      .enum(imageFormats.map(contentTypeOf))
      .describe('The type of the picture, by its content'),
    upload_path: z.string(),
    file_url: z
      .url()
      .describe(
        'A link for `image_urls`, for a browser, or for another service. It works without a key until `expires_at`',
      ),
    download_url: z.url().describe('A link that saves the same picture under its name'),
    upload_time: time('When it was uploaded'),
    expires_at: time('When it is deleted'),
  })
  .describe('A stored picture');
