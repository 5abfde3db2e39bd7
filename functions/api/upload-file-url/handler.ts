import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { downloadFile, upload } from '../upload-file.ts';
import { route } from './route.ts';

export const handler = serve(
  route,
  async ({ body: { file_url, ...place }, caller }) => {
    const receive = async () => ({
      received: await downloadFile(file_url),
      originalName: nameIn(file_url),
      place: () => place,
    });
    return { body: await upload(receive, caller) };
  },
  callers,
);

/** The path of the address, which ends with the name of the file. */
function nameIn(url: string): string {
  const path = URL.parse(url)?.pathname ?? '';
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a lone %
  }
}
