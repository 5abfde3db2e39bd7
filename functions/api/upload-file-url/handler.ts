import { nameInUrl } from '../../domain/files/file-name.ts';
import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { downloadFile, upload } from '../upload-file.ts';
import { route } from './route.ts';

export const handler = serve(
  route,
  async ({ body: { file_url, ...place }, caller }) => {
    const receive = async () => ({
      received: await downloadFile(file_url),
      originalName: nameInUrl(file_url),
      place: () => place,
    });
    return { body: await upload(receive, caller) };
  },
  callers,
);
