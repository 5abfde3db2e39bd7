export type Metadata = Readonly<Record<string, string>>;

/**
 * The metadata that was typed: lines of `name: value`, or, when it begins with `{`, a JSON object of texts.
 * @returns `undefined` for a text that begins with `{` and is no such object
 */
export function metadataOf(text: string): Record<string, string> | undefined {
  if (text.trimStart().startsWith('{')) return objectOfTexts(text);
  const lines = text.split(/\r\n?|\n/).filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...rest] = line.split(':');
      return [name.trim(), rest.join(':').trim()];
    }),
  );
}

function objectOfTexts(json: string): Record<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    const entries = Object.entries(Object(parsed));
    return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
      ? Object.fromEntries(entries)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Metadata as somebody can change it: as lines, or as JSON when lines would be read as something else. */
export function textOfMetadata(metadata: Metadata): string {
  const lines = Object.entries(metadata)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  const isReadBack = JSON.stringify(metadataOf(lines)) === JSON.stringify(metadata);
  return isReadBack ? lines : JSON.stringify(metadata, undefined, 2);
}
