import { request } from 'node:http';
import type { LookupFunction } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Body } from '../flow/open-stack.ts';

export type HttpResponse = {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed, if it is JSON. */
  readonly body: Body;
};

/** Sends a request to the emulator, whatever the name of the host: not every system resolves those below `localhost`. */
export async function send(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const sent = request(url, { method, headers, lookup }, (response) => {
    const all = new Headers();
    for (const [name, values = []] of Object.entries(response.headersDistinct)) {
      for (const value of values) all.append(name, value);
    }
    const isJson = all.get('content-type')?.startsWith('application/json');
    buffer(response)
      .then((content) => (isJson && content.length > 0 ? JSON.parse(content.toString()) : content))
      .then((parsed) =>
        resolve({ status: Number(response.statusCode), headers: all, body: parsed }),
      )
      .catch(reject);
  });
  sent.once('error', reject).end(body);
  return promise;
}

const lookup: LookupFunction = (_hostname, { all }, callback) => {
  if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};
