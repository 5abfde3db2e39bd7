import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProviderError } from './provider-error.ts';

export type ProviderRequest = {
  readonly method: string;
  /** Below the public URL of the mock provider; empty for a request that is not below it. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly body: string;
};

/** `lost`: the connection is closed without a response. */
export type ProviderResponse =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: object;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'picture'; readonly type: 'image/png' | 'image/jpeg'; readonly bytes: Buffer }
  | { readonly kind: 'lost' };

export const json = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Extract<ProviderResponse, { kind: 'json' }> => ({ kind: 'json', status, body, headers });

// Three pictures of 10 MB in base64, and the rest of the request.
const maxBytes = 44 * 1024 * 1024;

/**
 * A request to the mock provider at this URL.
 * @throws {ProviderError} when the body is larger than three pictures can be
 */
export async function readRequest(
  request: IncomingMessage,
  baseUrl: string,
): Promise<ProviderRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBytes) throw new ProviderError('BadRequest.TooLarge');
    chunks.push(chunk);
  }
  const base = new URL(baseUrl);
  const { pathname, searchParams } = new URL(`${base.origin}${request.url ?? '/'}`);
  const prefix = base.pathname.replace(/\/$/, '');
  return {
    method: request.method ?? 'GET',
    path: pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : '',
    query: searchParams,
    header: (name) => request.headers[name]?.toString(),
    body: Buffer.concat(chunks).toString(),
  };
}

/** @throws {ProviderError} when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProviderError('InvalidParameter', 'The request body is not valid JSON.', { cause });
  }
}

export function send(response: ServerResponse, providerResponse: ProviderResponse): void {
  if (providerResponse.kind === 'lost') {
    response.destroy();
    return;
  }
  const { status, type, bytes, headers } =
    providerResponse.kind === 'picture'
      ? { status: 200, headers: {}, ...providerResponse }
      : toJson(providerResponse);
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': bytes.length });
  response.end(bytes);
}

const toJson = ({ status, body, headers }: Extract<ProviderResponse, { kind: 'json' }>) => ({
  status,
  headers,
  type: 'application/json;charset=UTF-8',
  bytes: Buffer.from(JSON.stringify(body)),
});
