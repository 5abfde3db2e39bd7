import { FormFields } from '../../domain/files/upload-request.ts';
import { requestHeaders } from '../../domain/model/http-headers.ts';
import { serve, validate } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { receiveFile, upload } from '../upload-file.ts';
import { readForm } from './read-form.ts';
import { route } from './route.ts';

export const handler = serve(
  route,
  async ({ body, caller, headers }) => {
    const receive = async () => {
      const { fields, ...file } = await readForm(
        body,
        headers[requestHeaders.contentType],
        receiveFile,
      );
      return { ...file, place: () => validate(FormFields, fields) };
    };
    return { body: await upload(receive, caller) };
  },
  callers,
);
