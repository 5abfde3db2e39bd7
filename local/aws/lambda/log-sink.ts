import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

/** The log of the functions. `source` is the function's name; a line has no line break at its end. */
export type LogSink = {
  write(source: string, line: string): void;
  close(): Promise<void>;
};

/** Writes the lines of each function to a file of its own, unchanged. */
export function logFiles(directory: string): LogSink {
  mkdirSync(directory, { recursive: true });
  const files = new Map<string, WriteStream>();
  const open = (source: string) => {
    const file = createWriteStream(join(directory, `${encodeURIComponent(source)}.log`), {
      flags: 'a',
    });
    files.set(source, file);
    return file;
  };
  return {
    write(source, line) {
      (files.get(source) ?? open(source)).write(`${line}\n`);
    },
    async close() {
      const open = [...files.values()];
      files.clear();
      await Promise.all(open.map((file) => finished(file.end())));
    },
  };
}

/** Makes lines of pieces of text. `end` writes the last one, which has no line break. */
export function lineSplitter(write: (line: string) => void) {
  let begun = '';
  return {
    add(text: string): void {
      const lines = `${begun}${text}`.split(/\r?\n/);
      begun = lines.pop() ?? '';
      for (const line of lines) write(line);
    },
    end(): void {
      if (begun !== '') write(begun);
      begun = '';
    },
  };
}
