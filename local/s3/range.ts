import { Fault } from './fault.ts';

/** The first and the last byte. */
export type Range = { readonly first: number; readonly last: number };

/** The one range that was asked for. Several, or nonsense, mean the whole object, as on S3. */
export function rangeOf(header: string | undefined, size: number): Range | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || from + to === '') return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;

  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  if (first >= size) throw new Fault('InvalidRange');
  return { first, last: from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}
