import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = readdirSync('functions', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join('functions', path), 'utf8'));

// `count('X')`, `['X', 'Count', …]`, and the table that gives every rescue its name.
const places = [
  /\bcount\('(\w+)'\)/g,
  /\['(\w+)', '(?:Count|Seconds)'/g,
  /^ {2}(?:\w+|'[\w-]+'): '([A-Z]\w+)',$/gm,
];

/** The names of all metrics that functions count. */
export const countedMetrics: readonly string[] = [
  ...new Set(
    sources.flatMap((text) =>
      places.flatMap((place) => [...text.matchAll(place)].map(([, name = '']) => name)),
    ),
  ),
].sort();
