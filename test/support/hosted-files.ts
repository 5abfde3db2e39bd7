import { type HostedFile, hostedFileTtlMs } from '../../functions/domain/model/hosted-file.ts';
import { hostedFileId } from '../../functions/domain/model/ids.ts';
import { sampleCaller, sampleTime } from './tasks.ts';

/** A hosted file; its id and its expiry follow from the rest. */
export function hostedFile(
  more: Partial<Omit<HostedFile, 'id' | 'since' | 'expiresAt'>> = {},
): HostedFile {
  const file = {
    account: sampleCaller.account,
    path: 'images',
    name: 'cat.jpg',
    originalName: 'IMG_0042.jpg',
    format: 'jpeg' as const,
    bytes: 1000,
    version: 'first',
    uploadedAt: sampleTime,
    ...more,
  };
  return {
    ...file,
    id: hostedFileId(file.account, file.path, file.name),
    since: file.uploadedAt,
    expiresAt: file.uploadedAt + hostedFileTtlMs,
  };
}
