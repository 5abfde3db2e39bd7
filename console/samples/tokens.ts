import type { Language } from './samples.ts';

export type Token = {
  readonly kind: 'plain' | 'comment' | 'text' | 'word' | 'number';
  readonly text: string;
};

const words: Readonly<Record<Language, string>> = {
  curl: 'curl|jq|export',
  CLI: 'npm|run|export',
  Node: 'import|from|const|let|for|of|await|while|new|process',
  Python: 'import|for|in|with|as|while|not|open|print|zip|True|False|None',
  JSON: 'true|false|null',
};

/** A comment begins where a line begins: `//` and `#` stand in addresses as well. */
const comment: Readonly<Record<Language, string>> = {
  curl: '(?<=^|\\n)#[^\\n]*',
  CLI: '(?<=^|\\n|  )#[^\\n]*',
  Python: '(?<=^|\\n)#[^\\n]*',
  Node: '(?<=^|\\n)//[^\\n]*',
  JSON: '(?!)',
};

const strings: Readonly<Record<Language, string>> = {
  curl: `'[^']*'|"(?:[^"\\\\]|\\\\.)*"`,
  CLI: `'[^']*'`,
  Node: '\'[^\'\\n]*\'|`[^`]*`|"(?:[^"\\\\]|\\\\.)*"',
  Python: '"(?:[^"\\\\]|\\\\.)*"',
  JSON: '"(?:[^"\\\\]|\\\\.)*"',
};

const kinds = ['comment', 'text', 'word', 'number'] as const;

/** Cuts a sample into pieces that have colours. All of its text is in them, in order. */
export function tokensOf(language: Language, code: string): readonly Token[] {
  const pattern = new RegExp(
    `(${comment[language]})|(${strings[language]})|\\b(${words[language]})\\b|(?<![\\w.:])(\\d+)(?![\\w.])`,
    'g',
  );
  const tokens: Token[] = [];
  let at = 0;
  for (const match of code.matchAll(pattern)) {
    if (match.index > at) tokens.push({ kind: 'plain', text: code.slice(at, match.index) });
    const kind = kinds.find((_, index) => match[index + 1] !== undefined) ?? 'plain';
    tokens.push({ kind, text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < code.length) tokens.push({ kind: 'plain', text: code.slice(at) });
  return tokens;
}
