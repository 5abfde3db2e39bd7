import type { Generated } from './generate.ts';

/** The end of a run: a path a line, and behind the last one what it took. */
export function summary({ files, seconds, credits }: Generated): string {
  const price = credits === undefined ? '' : `, ${credits} ${credits === 1 ? 'credit' : 'credits'}`;
  return `${files.join('\n')}  (${seconds.toFixed(1)} s${price})`;
}
