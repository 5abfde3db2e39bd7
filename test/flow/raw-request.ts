import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request that is sent byte for byte, with header names and targets that no client library would send. */
export type RawRequest = {
  readonly method: string;
  readonly target: string;
  /** Sent in this order; a name may occur twice. Characters above 255 are sent as UTF-8. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array | undefined;
};

export type RawResponse = { readonly status: number; readonly text: string };

/** Sends a request over its own socket, and reads the response. */
export async function sendRawRequest(url: string, request: RawRequest): Promise<RawResponse> {
  const { hostname, port, host } = new URL(url);
  const { method, target, headers = [], body = '' } = request;
  const bytes = Buffer.from(body);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `host: ${host}`,
    'connection: close',
    ...(bytes.length > 0 ? [`content-length: ${bytes.length}`] : []),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  const socket = connect(Number(port), hostname);
  // The socket stays open: a server takes a half-closed socket for a client that has gone.
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]));
  const response = String(await buffer(socket));
  const [, status = ''] = /^HTTP\/1\.1 (\d{3}) /.exec(response) ?? [];
  return { status: Number(status), text: response.slice(response.indexOf('\r\n\r\n') + 4) };
}
