import type { UploadForm } from './answers.ts';
import { CliError } from './cli-error.ts';
import type { LocalPicture } from './pictures.ts';
import type { Send } from './send.ts';

/** Uploads a picture with the form that was made for it. Twice is once: the form names one key. */
export async function upload(send: Send, form: UploadForm, picture: LocalPicture): Promise<void> {
  const { path, bytes, contentType } = picture;
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  // S3 reads the form in order and stops at the file, so it comes last.
  body.append('file', new Blob([bytes], { type: contentType }), 'picture');
  await send(form.url, { method: 'POST', body, deadlineMs: 300_000 }, async (response) => {
    const answer = await response.text();
    if (response.ok) return;
    const reason = reasonIn(answer) ?? `it answered ${response.status}`;
    throw new CliError(`The storage refused ${path}: ${reason}`);
  });
}

function reasonIn(xml: string): string | undefined {
  const [, code] = /<Code>([^<]*)<\/Code>/.exec(xml) ?? [];
  const [, message] = /<Message>([^<]*)<\/Message>/.exec(xml) ?? [];
  return message ? `${message} (${code})` : code;
}
