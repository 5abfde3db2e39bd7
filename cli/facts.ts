import { oneLine } from './one-line.ts';

export type Fact = readonly [name: string, text: string];

/** A fact a line, what they say below each other. */
export function facts(all: readonly Fact[]): string {
  const width = Math.max(...all.map(([name]) => name.length)) + 2;
  return all.map(([name, text]) => `${name.padEnd(width)}${oneLine(text)}`).join('\n');
}
