import * as z from 'zod';
import { patterns } from '../../domain/model/ids.ts';
import { filesEnvelope } from '../../domain/wire/files-envelope.ts';

export const FileDeletion = filesEnvelope(
  z.strictObject({ file_id: z.string().regex(patterns.hostedFileId) }),
  'A file that was deleted',
);
