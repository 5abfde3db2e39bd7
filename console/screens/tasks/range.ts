/** The ids from one task to another, in the order of the list. */
export function between(
  tasks: readonly { readonly id: string }[],
  from: string | undefined,
  to: string,
): readonly string[] {
  const ids = tasks.map(({ id }) => id);
  const at = from === undefined ? -1 : ids.indexOf(from);
  const end = ids.indexOf(to);
  if (at < 0) return [to];
  return ids.slice(Math.min(at, end), Math.max(at, end) + 1);
}
