import { filesEnvelope } from '../domain/wire/files-envelope.ts';
import { HostedFile } from '../domain/wire/hosted-file.ts';

/** The response of all three uploads. */
export const FileUpload = filesEnvelope(HostedFile, 'A file that was stored');
