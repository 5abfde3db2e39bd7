type Cell = string | number;

/** Prints a table with a title. All rows have the columns of the first row. */
export function printTable(title: string, rows: readonly Readonly<Record<string, Cell>>[]): void {
  const head = Object.keys(rows[0] ?? {});
  const cells = [head, ...rows.map((row) => head.map((name) => String(row[name] ?? '')))];
  const widths = head.map((_, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  const lines = cells.map((row) =>
    row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '),
  );
  process.stdout.write(`\n${title}\n${lines.join('\n')}\n`);
}
