/** A JSON object, as it is in a request, a response or a template. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value of a key; not what every object inherits, like `constructor`. */
export const ownValue = <T>(object: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
