import * as z from 'zod';
import { patterns } from '../../domain/model/ids.ts';
import { seconds } from '../../domain/wire/fields.ts';
import { Upload } from '../../domain/wire/task-schemas.ts';

export const File = z
  .strictObject({
    id: z.string().regex(patterns.fileId),
    object: z.literal('file'),
    url: z
      .url()
      .describe('The address to use in `image_urls` of later tasks, by the same account alone'),
    expires_at: seconds('Until when it can be used'),
    upload: Upload,
  })
  .describe('A place for a picture that later tasks may use');
