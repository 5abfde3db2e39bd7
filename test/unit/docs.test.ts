import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { Problem, problemCodes, taskErrorCodes } from '../../functions/task/problem.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
];

const errors = read('docs/errors.md');
const [http = '', task = ''] = errors.split('\n## ').slice(1);
const headings = (part: string) => [...part.matchAll(/^### (.+)$/gm)].map(([, text]) => text);

test('every HTTP error has its heading, and every heading its error', () => {
  expect(headings(http)).toEqual(problemCodes);
});

test('every task error has its heading, and every heading its error', () => {
  expect(headings(task)).toEqual(taskErrorCodes);
});

test.each(problemCodes)('%s is documented with the status it is answered with', (code) => {
  const [, documented] = new RegExp(`^### ${code}\\n\\nStatus (\\d{3})\\.`, 'm').exec(http) ?? [];
  expect(documented).toBe(String(new Problem(code, '').status));
});

const links = pages.flatMap((page) =>
  [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    return { page, link, target, anchor };
  }),
);

test.each(links)('$page links to something: $link', ({ target, anchor }) => {
  expect(existsSync(join(root, target))).toBe(true);
  if (anchor !== undefined) expect(anchorsOf(read(target))).toContain(anchor);
});

test.each(pages)('%s names only npm scripts that there are', (page) => {
  const named = [...read(page).matchAll(/\bnpm (?:run (?=\w)|(?=start|test))([\w:-]+)/g)];
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named.map(([, name]) => name)));
});

test.each(pages)('%s names only files that there are', (page) => {
  const folders = 'functions|infra|local|cli|test|docs';
  const named = read(page).matchAll(new RegExp(`\`((?:${folders})/[\\w./-]*)\``, 'g'));
  const missing = [...named].flatMap(([, path = '']) => (existsSync(join(root, path)) ? [] : path));
  expect(missing).toEqual([]);
});

test('docs/security.md names the files behind its claims by their whole paths', () => {
  const named = read('docs/security.md').matchAll(/`([\w./-]+\.(?:ts|txt|json))`/g);
  const missing = [...named].flatMap(([, path = '']) => (existsSync(join(root, path)) ? [] : path));
  expect(missing).toEqual([]);
});

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replaceAll(/`[^`\n]*`/g, '');
}

// As GitHub makes them out of headings.
function anchorsOf(markdown: string): readonly string[] {
  return [...withoutFences(markdown).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
}
