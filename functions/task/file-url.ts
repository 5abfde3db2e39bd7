import { isFileId } from './ids.ts';

/** The address of an uploaded file: only good as an input of its own account's tasks. */
export const fileUrl = (baseUrl: string, fileId: string): string => `${baseUrl}/v1/files/${fileId}`;

/** The id in such an address, or undefined when the address is not one of ours. */
export const fileIdOf =
  (baseUrl: string) =>
  (url: string): string | undefined => {
    const prefix = fileUrl(baseUrl, '');
    const id = url.startsWith(prefix) ? url.slice(prefix.length) : '';
    return isFileId(id) ? id : undefined;
  };
