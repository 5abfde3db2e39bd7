import { S3Error } from './error.ts';

/** An element of a request body; attributes are left out. */
export type XmlElement = {
  readonly name: string;
  /** The text in it, outside of its children. */
  readonly text: string;
  readonly children: readonly XmlElement[];
};

type OpenElement = { name: string; text: string; children: XmlElement[] };

// An end tag, a start tag, or text.
const token = /<\/([\w:.-]+)\s*>|<([\w:.-]+)(?:\s[^<>]*?)?(\/?)>|([^<]+)/y;

/** Reads an XML document without a DTD, as clients of S3 send them. @throws {S3Error} when the text is not one */
export function readXml(document: string): XmlElement {
  const text = document.replace(/^\ufeff?\s*<\?xml[^>]*\?>/, '').replace(/<!--.*?-->/gs, '');
  const root: OpenElement = { name: '', text: '', children: [] };
  const open = [root];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const [, end, start, isEmpty, content = ''] = token.exec(text) ?? malformed();
    if (start !== undefined) begin(open, start, isEmpty === '/');
    else if (end !== undefined) finish(open, end);
    else innermost(open).text += decoded(content);
  }
  const [element, ...others] = root.children;
  if (!element || others.length > 0 || open.length > 1) malformed();
  return element;
}

const innermost = (open: readonly OpenElement[]): OpenElement => open.at(-1) ?? malformed();

function begin(open: OpenElement[], name: string, isEmpty: boolean): void {
  const element = { name, text: '', children: [] };
  innermost(open).children.push(element);
  if (!isEmpty) open.push(element);
}

function finish(open: OpenElement[], name: string): void {
  if (open.length < 2 || open.pop()?.name !== name) malformed();
}

/** The text of the only child with this name. */
export const textOf = (element: XmlElement, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text.trim();

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  quot: '"',
};

const decoded = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (_, hex, decimal, name) =>
    name === undefined
      ? String.fromCodePoint(Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16))
      : (entities[name] ?? malformed()),
  );

function malformed(): never {
  throw new S3Error('MalformedXML');
}
