type Text = string | number | boolean;

/** An element with one child for each entry; an array repeats its child. */
export type Elements = { readonly [name: string]: Text | Elements | readonly Elements[] };

/** A whole XML document in S3's form. Several contents follow each other. */
export function xmlDocument(
  root: string,
  content: Elements | readonly Elements[],
  namespace = '',
): string {
  const attribute = namespace && ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${[content].flat().map(children).join('')}</${root}>`;
}

export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

function children(content: Elements): string {
  return Object.entries(content)
    .flatMap(([name, value]) =>
      isList(value) ? value.map((one) => tag(name, one)) : tag(name, value),
    )
    .join('');
}

const isList = (value: Elements[string]): value is readonly Elements[] => Array.isArray(value);

function tag(name: string, value: Text | Elements): string {
  return `<${name}>${typeof value === 'object' ? children(value) : escaped(String(value))}</${name}>`;
}

// Keys may contain control characters, which the SDK's parsers accept only as references.
const escaped = (text: string): string =>
  text.replace(/[&<>"'\p{Cc}]/gu, (char) => `&#x${char.charCodeAt(0).toString(16)};`);
