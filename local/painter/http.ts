import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Call } from './call.ts';
import { Refusal } from './codes.ts';

// Three pictures of 10 MB in base64, and the rest of the request.
const mostBytes = 44 * 1024 * 1024;

/** @throws {Refusal} when the body is larger than three pictures can be */
export async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > mostBytes) throw new Refusal('BadRequest.TooLarge');
    chunks.push(chunk);
  }
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`),
    header: (name) => request.headers[name]?.toString(),
    body: Buffer.concat(chunks).toString(),
  };
}

export function send(response: ServerResponse, answer: Answer): void {
  if (answer.kind === 'lost') {
    response.destroy();
    return;
  }
  const { status, type, bytes, headers } =
    answer.kind === 'picture' ? { status: 200, headers: {}, ...answer } : inJson(answer);
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': bytes.length });
  response.end(bytes);
}

const inJson = ({ status, body, headers }: Extract<Answer, { kind: 'json' }>) => ({
  ...{ status, headers },
  type: 'application/json;charset=UTF-8',
  bytes: Buffer.from(JSON.stringify(body)),
});
