/**
 * A table as CSV (RFC 4180), with a header line. A text that a spreadsheet would take for a formula begins with an
 * apostrophe, so that the name of a key is never executed.
 */
export function csvOf(columns: readonly string[], rows: readonly object[]): string {
  const valuesIn = (row: object) => new Map<string, unknown>(Object.entries(row));
  const lines = [
    columns,
    ...rows.map(valuesIn).map((values) => columns.map((name) => values.get(name))),
  ];
  return lines.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

const startsFormula = /^[\s\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = String(value);
  const safe = startsFormula.test(text) ? `'${text}` : text;
  return /["',\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
