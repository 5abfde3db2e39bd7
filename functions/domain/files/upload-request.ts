import * as z from 'zod';
import { Problem } from '../model/problem.ts';
import { maxSignedUrlLength } from '../model/task.ts';
import { fileName, fileNameRule, uploadPath, uploadPathRule } from './file-name.ts';

// The bodies of the uploads, as published. A field that is null or an empty text is absent: clients with typed bodies
// send all of their fields.

const notAnObject = 'The body must be a JSON object.';

/** A text that is stored in another form than it was sent in. */
const named = (field: string, toName: (text: string) => string | undefined, rule: string) =>
  z
    .string(`${field} ${rule}`)
    .transform((text, context) => {
      const name = toName(text);
      if (name !== undefined) return name;
      context.addIssue(`${field} ${rule}`);
      return z.NEVER;
    })
    .optional();

const place = {
  upload_path: named('upload_path', uploadPath, uploadPathRule),
  file_name: named('file_name', fileName, fileNameRule),
};

const base64Rule =
  'base64_data is required: the file in Base64, alone or as data:image/png;base64,…';
const fileUrlRule = `file_url is required: an http or https address of at most ${maxSignedUrlLength} characters`;

const isEmpty = (value: unknown): boolean => value === null || value === '';

function withoutEmpty(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => !isEmpty(value)));
}

/** The body of `POST /api/v1/files/upload/base64`. */
export const Base64UploadRequest = z.preprocess(
  withoutEmpty,
  z.object({ base64_data: z.string(base64Rule), ...place }, notAnObject),
);

/** The body of `POST /api/v1/files/upload/url`. */
export const UrlUploadRequest = z.preprocess(
  withoutEmpty,
  z.object(
    { file_url: z.string(fileUrlRule).max(maxSignedUrlLength, fileUrlRule), ...place },
    notAnObject,
  ),
);

/** The texts in the form of `POST /api/v1/files/upload/stream`, whose names may be written in two ways. */
export const FormFields = z.preprocess(
  (fields) => withoutEmpty(withSnakeCase(fields)),
  z.object(place, notAnObject),
);

function withSnakeCase(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [inSnakeCase[name] ?? name, value]),
  );
}
const inSnakeCase: Readonly<Record<string, string>> = {
  uploadPath: 'upload_path',
  fileName: 'file_name',
};

/** Where to store a file, and under which name. */
export type Place = z.output<typeof FormFields>;

const dataUrl = /^\s*data:([^,]{0,200}),/i;
const alphabet = /^[\w+/-]*={0,2}$/;

/**
 * The bytes of a text in Base64, with or without `data:…;base64,` in front.
 * @throws {Problem} `invalid_request` when it is not Base64
 */
export function decodeBase64(text: string): Buffer {
  const [head, type] = dataUrl.exec(text) ?? [];
  const isBase64 = type === undefined || /;\s*base64\s*$/i.test(type);
  const encoded = text.slice(head?.length ?? 0).replace(/\s+/g, '');
  // The alphabet comes first: it allows at most two characters of padding, and reads the text once.
  if (!isBase64 || !alphabet.test(encoded) || digitsIn(encoded) % 4 === 1) throw notBase64();
  return Buffer.from(encoded, 'base64');
}

const digitsIn = (encoded: string): number => {
  const padding = encoded.indexOf('=');
  return padding === -1 ? encoded.length : padding;
};

const notBase64 = (): Problem =>
  new Problem('invalid_request', `${base64Rule}; what was sent is not Base64.`, {
    param: 'base64_data',
  });
