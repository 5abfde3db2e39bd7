import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { defaultModel, maxInputBytes } from '../../functions/domain/model/catalogue.ts';
import { maxUploadBytes } from '../../functions/domain/model/hosted-file.ts';
import { testLimits } from '../../functions/domain/model/mode.ts';
import { toCredits } from '../../functions/domain/model/money.ts';
import { Problem, problemCodes, taskErrorCodes } from '../../functions/domain/model/problem.ts';
import {
  maxSandboxBusy,
  maxSandboxSeconds,
} from '../../functions/domain/providers/sandbox-effects.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
];

const errors = read('docs/errors.md');
const [http = '', task = ''] = errors.split('\n## ').slice(1);
const headings = (part: string) => [...part.matchAll(/^### (.+)$/gm)].map(([, text]) => text);

test('the pages in docs/ are among the pages', () => {
  expect(pages).toContain('docs/architecture.md');
});

test('docs/errors.md has a heading for every HTTP error, and no other', () => {
  expect(headings(http)).toEqual(problemCodes);
});

test('docs/errors.md has a heading for every task error, and no other', () => {
  expect(headings(task)).toEqual(taskErrorCodes);
});

test('there are codes of HTTP errors', () => {
  expect(problemCodes).not.toEqual([]);
});

test.each(problemCodes)('docs/errors.md documents %s with its HTTP status', (code) => {
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

test('the pages have links', () => {
  expect(links.length).toBeGreaterThan(20);
});

test.each(links)(
  'the link $link in $page leads to a file and a heading that exist',
  ({ target, anchor }) => {
    expect(existsSync(join(root, target))).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(read(target))).toContain(anchor);
  },
);

test.each(pages)('%s names only npm scripts that exist', (page) => {
  const named = [...read(page).matchAll(/\bnpm (?:run (?=\w)|(?=start|test))([\w:-]+)/g)];
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named.map(([, name]) => name)));
});

test.each(pages)('%s runs `npx darkroom` only in the checkout, and says so', (page) => {
  // In any other folder npx would fetch and run a stranger's package of that name.
  const parts = read(page).split(/\n(?=#)/);
  const silent = parts.filter((part) => part.includes('npx darkroom') && !/checkout/.test(part));
  expect(silent).toEqual([]);
});

test('the package has a scoped name, which nobody else can publish under, and is not published', () => {
  const { name, private: isPrivate } = JSON.parse(read('package.json'));
  expect([name, isPrivate]).toEqual([expect.stringMatching(/^@[\w-]+\/darkroom$/), true]);
});

test.each(pages)('%s names only files that exist', (page) => {
  const folders = 'functions|infra|local|cli|test|docs';
  const named = read(page).matchAll(new RegExp(`\`((?:${folders})/[\\w./-]*)\``, 'g'));
  const missing = [...named].flatMap(([, path = '']) => (existsSync(join(root, path)) ? [] : path));
  expect(missing).toEqual([]);
});

test('docs/calling.md has a row for every route of a caller, and no other', () => {
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(JSON.parse(read('docs/openapi.json')));
  const routes = Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method, path })))
    // What operators, the console and providers call has pages of its own, and so have the paths of the Files API.
    .filter(({ path }) => !/^\/(v1\/(admin|console|providers)|api\/v1\/files)\//.test(path))
    .map(({ method, path }) => `${method.toUpperCase()} ${withoutNames(path)}`);
  const [, section = ''] = read('docs/calling.md').split(/^## /m);
  const cells = [...section.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = '']) => cell);
  const named = cells.flatMap((cell) =>
    [...cell.matchAll(/`([A-Z]+ [^`]+)`/g)].map(([, name = '']) => withoutNames(name)),
  );

  expect(routes).toContain('GET /v1/tasks/{}');
  expect(named.toSorted()).toEqual(routes.toSorted());
  expect(cells).toContain('`/api/v1/files/…`');
});

const withoutNames = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');

test('docs/test-mode.md says the limits that test mode has', () => {
  const { milliCreditsPerDay, requestsPerMinute, tasksInFlight } = testLimits;
  const page = read('docs/test-mode.md');
  for (const text of [
    `${toCredits(milliCreditsPerDay)} play credits a day`,
    `${requestsPerMinute} creates a minute for each test key, ${tasksInFlight} open tasks`,
    `the job takes so long: 0 to ${maxSandboxSeconds}.`,
    `\`[busy: 4]\` (${maxSandboxBusy} at most): it refuses the job so often that the task waits in the queue`,
  ]) {
    expect(page).toContain(text);
  }
});

test('docs/security.md names the files behind its claims by their full paths', () => {
  const named = [...read('docs/security.md').matchAll(/`([\w./-]+\.(?:ts|txt|json))`/g)];
  expect(named).not.toEqual([]);
  const missing = named.flatMap(([, path = '']) => (existsSync(join(root, path)) ? [] : path));
  expect(missing).toEqual([]);
});

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replaceAll(/`[^`\n]*`/g, '');
}

// The anchors that GitHub derives from the headings.
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

const megabytesIn = (text: string): readonly number[] =>
  [...text.matchAll(/\b(\d+(?:\.\d+)?) MB\b/g)].map(([, number]) => Number(number));

/** Figures of the pages that are not about what a picture may be: limits of AWS, of a result, of other functions. */
const otherMegabytes: Readonly<Record<string, readonly number[]>> = {
  'README.md': [2],
  'docs/calling.md': [],
  'docs/console.md': [],
  'docs/errors.md': [4],
  'docs/files.md': [4, 6],
  'docs/security.md': [1, 64],
};

test.each(Object.entries(otherMegabytes))(
  '%s says how large a picture may be as the catalogue does, and no figure of an earlier one',
  (page, others) => {
    // The gateway has its own limit for a body, which happens to be the same.
    const megabytes = megabytesIn(read(page).replaceAll(/a body above 10 MB/g, ''));
    const largest = maxInputBytes / 1024 ** 2;

    expect(megabytes).toContain(largest);
    const known = [largest, maxUploadBytes / 1_000_000, ...others];
    expect(megabytes.filter((figure) => !known.includes(figure))).toEqual([]);
  },
);

test.each(['docs/calling.md', 'docs/security.md'])(
  '%s says how long the sides of a picture may be as the catalogue does',
  (page) => {
    const { minSide, maxSide } = defaultModel.image;
    const sides = [...read(page).matchAll(/\b(\d{3,}) to (\d{4,})\b/g)];

    expect(sides).not.toEqual([]);
    expect(sides.map(([, min, max]) => [Number(min), Number(max)])).toEqual(
      sides.map(() => [minSide, maxSide]),
    );
  },
);
