// The part of Markdown that descriptions and the pages in docs/ use, as a tree. Everything else, also HTML, stays text.

export type Inline =
  | { readonly kind: 'text' | 'code' | 'strong'; readonly text: string; readonly target?: never }
  | { readonly kind: 'link'; readonly text: string; readonly target: string };

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string; readonly id: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[] };

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** The pieces of a line, in order. */
export function inlinesOf(line: string): readonly Inline[] {
  const found: Inline[] = [];
  let at = 0;
  for (const match of line.matchAll(inline)) {
    const [all, code, strong, text = '', target = ''] = match;
    if (match.index > at) found.push({ kind: 'text', text: line.slice(at, match.index) });
    at = match.index + all.length;
    if (code !== undefined) found.push({ kind: 'code', text: code });
    else if (strong !== undefined) found.push({ kind: 'strong', text: strong });
    else found.push({ kind: 'link', text: text.replaceAll('`', ''), target });
  }
  if (at < line.length) found.push({ kind: 'text', text: line.slice(at) });
  return found;
}

/** The blocks of a text: what an empty line separates, and what stands between fences. */
export function blocksOf(text: string): readonly Block[] {
  const parts = text.replaceAll('\r', '').split(/^```\w*\n([\s\S]*?)\n```$/m);
  const ids = new Map<string, number>();
  return parts.flatMap((part, index) =>
    index % 2 === 1
      ? [{ kind: 'code', text: part } as const]
      : part
          .split(/\n{2,}/)
          .map((block) => block.trim())
          .filter((block) => block !== '')
          .map((block) => blockOf(block, ids)),
  );
}

function blockOf(part: string, ids: Map<string, number>): Block {
  const [, marks, heading] = /^(#{1,6}) (.+)$/.exec(part) ?? [];
  if (marks !== undefined && heading !== undefined) {
    return { kind: 'heading', level: marks.length, text: heading, id: idOf(heading, ids) };
  }
  if (/^\|.*\|$/s.test(part)) return { kind: 'table', rows: rowsOf(part) };
  if (part.startsWith('- ')) {
    return { kind: 'list', items: part.slice(2).split(/\n- /).map(oneLine) };
  }
  return { kind: 'paragraph', text: oneLine(part) };
}

/** The address of a heading, as GitHub makes it: the second of the same name has a number. */
function idOf(heading: string, ids: Map<string, number>): string {
  const id = heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
  const before = ids.get(id) ?? 0;
  ids.set(id, before + 1);
  return before === 0 ? id : `${id}-${before}`;
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

/** The rows of a table, without the line below the head, and without a head of empty cells. */
const rowsOf = (part: string): readonly (readonly string[])[] =>
  part
    .split('\n')
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((cells) => !cells.every((cell) => /^:?-*:?$/.test(cell)));

/** The part of a page below a heading, up to the next one of its level. */
export function sectionOf(page: string, heading: string): string {
  const [marks = ''] = heading.split(' ');
  const [, below = ''] = `\n${page}`.split(`\n${heading}\n`);
  return below.split(`\n${marks} `)[0] ?? '';
}
