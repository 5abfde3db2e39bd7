import * as z from 'zod';
import { filesEnvelope } from '../../domain/wire/files-envelope.ts';
import { HostedFile } from '../../domain/wire/hosted-file.ts';

export const FileList = filesEnvelope(
  z.strictObject({
    total: z.int().min(0).describe('How many there are on all pages'),
    files: z.array(HostedFile).describe('The newest first'),
  }),
  'A page of the stored files',
);
