import type { Readable } from 'node:stream';

const enough = 8192;
// What Node prints around an error says less than the error's own line.
const noise = /^(\s|\}|Node\.js v|$)/;

/** Listens to a stream and answers the last line of it that says something. */
export function lastWords(stream: Readable): () => string | undefined {
  let tail = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-enough);
  });
  return () => tail.split(/\r?\n/).findLast((line) => !noise.test(line));
}
