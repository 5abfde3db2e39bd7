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

const jsonTexts = /"[^"\\]*(?:\\.[^"\\]*)*"/g;

function objectOfTexts(json: string): Record<string, string> | undefined {
  try {
    const isObjectOfTexts = Object.values(Object(JSON.parse(json))).every(
      (value) => typeof value === 'string',
    );
    return isObjectOfTexts ? fieldsOf(json) : undefined;
  } catch {
    return undefined;
  }
}

// The V8 of today may misread the names of an object (nodejs/node issue 63785), but not texts by themselves. Names and
// values take turns.
function fieldsOf(json: string): Record<string, string> {
  const texts = (json.match(jsonTexts) ?? []).map((text) => String(JSON.parse(text)));
  const names = texts.filter((_, index) => index % 2 === 0);
  return Object.fromEntries(names.map((name, index) => [name, texts[2 * index + 1] ?? '']));
}

/** Metadata as somebody can change it: as lines, or as JSON when lines would be read as something else. */
export function textOfMetadata(metadata: Metadata): string {
  const lines = Object.entries(metadata)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  const isReadBack = JSON.stringify(metadataOf(lines)) === JSON.stringify(metadata);
  return isReadBack ? lines : JSON.stringify(metadata, undefined, 2);
}
