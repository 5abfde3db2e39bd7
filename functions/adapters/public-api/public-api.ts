import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { gatewayMs } from '../../domain/model/deadlines.ts';
import { createTaskPath, pathTo, taskPath } from '../../domain/model/paths.ts';
import type { PictureForm, PublicApi } from '../../domain/tasks/run-canary.ts';
import {
  guardedRequest,
  type OutboundRequest,
  readBodyStart,
} from '../outbound/guarded-request.ts';

type Options = {
  /** The address that callers use. */
  readonly url: string;
  readonly allowLoopback: boolean;
};

type Response = { readonly status: number; readonly body: Buffer };

const maxBodyBytes = 64 * 1024;
/** A link to a result leads to S3. */
const redirects = 2;

/** There was a response, but not the one that a caller expects. */
class UnexpectedResponse extends Error {
  override readonly name = 'UnexpectedResponse';
  readonly status: number;

  constructor(status: number, options?: ErrorOptions) {
    super(`unexpected response with status ${status}`, options);
    this.status = status;
  }
}

const Created = z.object({
  id: z.string(),
  uploads: z.array(z.object({ url: z.url(), fields: z.record(z.string(), z.string()) })).min(1),
});
const Task = z.object({
  id: z.string(),
  status: z.string(),
  livemode: z.boolean(),
  sandbox: z.boolean().optional(),
  results: z.array(z.string()).optional(),
  error: z.object({ code: z.string() }).optional(),
});

/**
 * Our own API by its public address, as a caller uses it: over the internet, through the gateway, with a key. The
 * addresses in its responses are data, so all requests are guarded ones.
 */
export function publicApi({ url, allowLoopback }: Options): PublicApi {
  const send = async (
    address: string,
    { maxBytes = maxBodyBytes, ...request }: Partial<OutboundRequest> & { maxBytes?: number },
  ): Promise<Response> => {
    const { status, body } = await guardedRequest(address, {
      method: 'GET',
      headers: {},
      rules: { allowLoopback },
      redirects,
      deadlineMs: gatewayMs,
      ...request,
    });
    return { status, body: await readBodyStart(body, maxBytes) };
  };
  const call = (key: string, path: string, request: Partial<OutboundRequest> = {}) =>
    send(new URL(path, url).href, {
      ...request,
      headers: { authorization: `Bearer ${key}`, ...request.headers },
    });

  return {
    create: async (key, body, idempotencyKey) =>
      parse(
        Created,
        await call(key, createTaskPath, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
          body: JSON.stringify(body),
        }),
      ),
    upload: async (form, contentType, picture) => {
      const { type, body } = multipart(form, contentType, picture);
      const headers = { 'content-type': type };
      const { status } = await send(form.url, { method: 'POST', headers, body });
      if (status >= 300) throw new UnexpectedResponse(status);
    },
    task: async (key, id) => parse(Task, await call(key, pathTo(taskPath, { task_id: id }))),
    download: async (link, maxBytes) => {
      const { status, body } = await send(link, { maxBytes });
      if (status !== 200) throw new UnexpectedResponse(status);
      return body;
    },
  };
}

/** @throws {UnexpectedResponse} when the response is an error, or not in the form of the contract */
function parse<T>(schema: z.ZodType<T>, { status, body }: Response): T {
  if (status !== 200) throw new UnexpectedResponse(status);
  try {
    return schema.parse(JSON.parse(body.toString()));
  } catch {
    // Without the cause: its message quotes the body, and that has links.
    throw new UnexpectedResponse(status);
  }
}

/** The form with the picture, as a browser sends it: the file is the last field. */
function multipart({ fields }: PictureForm, contentType: string, picture: Uint8Array) {
  const boundary = `darkroom-${randomUUID()}`;
  const head = (disposition: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n`;
  const texts = Object.entries(fields).map(
    ([name, value]) => `${head(`name="${name}"`)}\r\n${value}\r\n`,
  );
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([
      Buffer.from(texts.join('')),
      Buffer.from(`${head('name="file"; filename="picture"')}content-type: ${contentType}\r\n\r\n`),
      picture,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
}
