import { S3Error } from './error.ts';
import { scanner, text } from './scanner.ts';

const incompleteBody = () => new S3Error('IncompleteBody');

/**
 * Decodes the SDK's `aws-chunked` body: chunks, each after its size, and then trailers. When the body has
 * ended, `trailers` has been filled.
 */
export async function* unchunked(
  body: AsyncIterable<Buffer>,
  expectedBytes: number,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const input = scanner(body, incompleteBody);
  const line = () => text(input.until('\r\n'), 1024, incompleteBody);
  let received = 0;

  for (;;) {
    const size = sizeOf(await line());
    if (size === 0) break;
    received += size;
    yield* input.next(size);
    if ((await line()) !== '') throw incompleteBody();
  }
  if (received !== expectedBytes) throw incompleteBody();

  for (let trailer = await line(); trailer !== ''; trailer = await line()) {
    const [name = '', ...value] = trailer.split(':');
    trailers.set(name.trim().toLowerCase(), value.join(':').trim());
  }
}

function sizeOf(line: string): number {
  if (!/^[0-9a-f]{1,8}$/i.test(line)) throw incompleteBody();
  return Number.parseInt(line, 16);
}
