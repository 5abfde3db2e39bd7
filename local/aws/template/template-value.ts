export const list = (value: unknown, where: string): unknown[] =>
  Array.isArray(value) ? value : templateError(where, 'a list was expected');

export const texts = (value: unknown, where: string): string[] =>
  list(value, where).map((item) => text(item, where));

// CloudFormation converts numbers and booleans to text.
export const text = (value: unknown, where: string): string =>
  ['string', 'number', 'boolean'].includes(typeof value)
    ? String(value)
    : templateError(where, 'a text was expected');

/** @throws {Error} always */
export function templateError(where: string, why: string): never {
  throw new Error(`${where}: ${why}`);
}
