export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const list = (value: unknown, where: string): unknown[] =>
  Array.isArray(value) ? value : refuse(where, 'a list was expected');

export const texts = (value: unknown, where: string): string[] =>
  list(value, where).map((item) => text(item, where));

// CloudFormation turns numbers and truth values into text by itself.
export const text = (value: unknown, where: string): string =>
  ['string', 'number', 'boolean'].includes(typeof value)
    ? String(value)
    : refuse(where, 'a text was expected');

export function refuse(where: string, why: string): never {
  throw new Error(`${where}: ${why}`);
}
