type Row = {
  readonly key_id?: string;
  readonly key_name?: string | null;
  readonly credits: number;
};

const maxKeys = 6;
/** The id of the series for all keys but the largest. */
export const others = 'other';

/** The keys that have a colour of their own, the largest first, and after them all others, if there are any. */
export function seriesOf(
  rows: readonly Row[],
): readonly { readonly id: string; readonly name: string }[] {
  const totals = new Map<string, { readonly id: string; readonly name: string; credits: number }>();
  for (const { key_id: id = '', key_name, credits } of rows) {
    const known = totals.get(id) ?? { id, name: key_name ?? id, credits: 0 };
    known.credits += credits;
    totals.set(id, known);
  }
  const keys = [...totals.values()].sort((a, b) => b.credits - a.credits);
  const rest = keys.length - maxKeys;
  if (rest <= 0) return keys;
  return [
    ...keys.slice(0, maxKeys),
    { id: others, name: rest === 1 ? 'one other key' : `${rest} other keys` },
  ];
}
