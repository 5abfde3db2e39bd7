import { Readable } from 'node:stream';
import { decodeBase64 } from '../../domain/files/upload-request.ts';
import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { receiveFile, upload } from '../upload-file.ts';
import { route } from './route.ts';

export const handler = serve(
  route,
  async ({ body: { base64_data, ...place }, caller }) => {
    const bytes = decodeBase64(base64_data);
    const receive = async () => ({
      received: await receiveFile(Readable.from([bytes], { objectMode: false })),
      place: () => place,
    });
    return { body: await upload(receive, caller) };
  },
  callers,
);
