import { Fault } from './fault.ts';
import { scanner, text } from './scanner.ts';

const broken = () => new Fault('IncompleteBody');

/**
 * Unwraps the SDK's `aws-chunked` body: pieces with their size in front, then trailers. Those are
 * in `trailers` when the body has ended.
 */
export async function* unchunked(
  body: AsyncIterable<Buffer>,
  announced: number,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const input = scanner(body, broken);
  const line = () => text(input.until('\r\n'), 1024, broken);
  let received = 0;

  for (;;) {
    const size = sizeOf(await line());
    if (size === 0) break;
    received += size;
    yield* input.next(size);
    if ((await line()) !== '') throw broken();
  }
  if (received !== announced) throw broken();

  for (let trailer = await line(); trailer !== ''; trailer = await line()) {
    const [name = '', ...value] = trailer.split(':');
    trailers.set(name.trim().toLowerCase(), value.join(':').trim());
  }
}

function sizeOf(line: string): number {
  if (!/^[0-9a-f]{1,8}$/i.test(line)) throw broken();
  return Number.parseInt(line, 16);
}
