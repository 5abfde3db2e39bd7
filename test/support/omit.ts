type NameIn<T> = T extends unknown ? keyof T : never;
/** Of a union, each member without these properties. */
type Without<T, K> = T extends unknown ? Omit<T, K & keyof T> : never;

/** A copy of a record without some of its properties. */
export function omit<T extends object, K extends NameIn<T>>(
  record: T,
  ...names: readonly K[]
): Without<T, K> {
  const dropped = new Set<PropertyKey>(names);
  const entries = Object.entries(record).filter(([name]) => !dropped.has(name));
  return Object.fromEntries(entries) as Without<T, K>;
}
