import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

// Which folder may import which: exactly the arrows that there are. Layers first (handlers, adapters, domain),
// capabilities inside the domain; inside one folder everything is allowed. A folder or an arrow that is not named here
// is a decision that has not been made yet.
const domain = (...folders: readonly string[]) =>
  folders.map((folder) => `functions/domain/${folder}`);
const adapters = (...folders: readonly string[]) =>
  folders.map((folder) => `functions/adapters/${folder}`);

const allowed: Readonly<Record<string, readonly string[]>> = {
  'functions/domain/tasks': domain('billing', 'wire', 'images', 'providers', 'model'),
  'functions/domain/files': domain('wire', 'images', 'model'),
  'functions/domain/accounts': domain('billing', 'wire', 'model'),
  'functions/domain/billing': domain('model'),
  'functions/domain/wire': domain('providers', 'model'),
  'functions/domain/images': domain('model'),
  'functions/domain/providers': domain('model'),
  'functions/domain/model': [],
  'functions/adapters/aws': [
    ...domain('tasks', 'files', 'accounts', 'billing', 'wire', 'images', 'providers', 'model'),
    ...adapters('outbound'),
  ],
  'functions/adapters/providers': domain('providers', 'model'),
  'functions/adapters/callbacks': [
    ...domain('tasks', 'accounts', 'model'),
    ...adapters('outbound'),
  ],
  // Our own API as a caller uses it: by its public address.
  'functions/adapters/public-api': [...domain('tasks', 'model'), ...adapters('outbound')],
  'functions/adapters/outbound': domain('model'),
  'functions/adapters/decoder': domain('tasks', 'model'),
  // What any Lambda function needs: it knows the records and errors of the domain, and no use case.
  'functions/runtime': domain('model'),
  // A tool that writes the document: it reads the route declarations, and its version from package.json.
  'functions/openapi': [
    ...domain('tasks', 'files', 'accounts', 'billing', 'wire', 'model'),
    'functions/runtime',
    'functions/api',
    '',
  ],
  'functions/api': [
    ...domain('tasks', 'files', 'accounts', 'billing', 'wire', 'providers', 'model'),
    ...adapters('aws', 'providers', 'callbacks', 'outbound'),
    'functions/runtime',
    'docs',
  ],
  'functions/workflow': [
    ...domain('tasks', 'wire', 'images', 'providers', 'model'),
    ...adapters('aws', 'providers', 'callbacks'),
    'functions/runtime',
  ],
  'functions/events': [
    ...domain('tasks', 'accounts', 'providers', 'model'),
    ...adapters('aws', 'decoder', 'public-api'),
    'functions/runtime',
  ],
  infra: [...domain('model'), ...adapters('providers'), 'functions/runtime', 'functions/api'],
  // It runs any template, so it knows nothing of this project.
  'local/aws': [],
  'local/providers': ['local/aws'],
  // What a program that serves for a while does with signals and files.
  'local/process': ['local/aws'],
  local: ['local/aws', 'local/providers', 'local/process'],
  // The client: it reads the route declarations, and facts that the API has as well. It checks a picture as the API does,
  // and a key of a provider with the client of that provider. A restore reads the tables, whose layout their adapter knows.
  cli: [
    ...domain('billing', 'wire', 'images', 'model'),
    ...adapters('aws', 'providers'),
    'functions/runtime',
    'functions/api',
  ],
};

type Import = { readonly file: string; readonly names: string; readonly target: string };

const root = join(import.meta.dirname, '../..');
const readFolders = (...tops: readonly string[]) =>
  tops.flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => ({
        file: `${top}/${path}`,
        text: readFileSync(join(root, top, path), 'utf8'),
      })),
  );
const files = readFolders('functions', 'infra', 'local', 'cli');

const statement = /^(?:import|export)\s(?:([^;'"]*?)\sfrom\s)?'([^']+)'/gm;
const dynamic = /\bimport\(\s*['`]([^'`]+)['`]/g;

/** Without comments, which may contain the quotes that end a match. */
const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

const importsOf = (file: string, text: string): readonly Import[] => [
  ...[...text.matchAll(statement)].map(([, names = '*', target = '']) => ({ file, names, target })),
  ...[...text.matchAll(dynamic)].map(([, target = '']) => ({ file, names: '*', target })),
];

const imports = files.flatMap(({ file, text }) => importsOf(file, withoutComments(text)));
const isRelative = ({ target }: Import): boolean => target.startsWith('.');
const pathOf = ({ file, target }: Import): string => posix.join(posix.dirname(file), target);

/** The folder of a file: `functions/domain/tasks`, `functions/api`, `local/aws`, `infra`. */
function folderOf(path: string): string {
  const folders = path.split('/').slice(0, -1);
  const [top, layer] = folders;
  if (top === 'functions') {
    return folders.slice(0, layer === 'domain' || layer === 'adapters' ? 3 : 2).join('/');
  }
  return folders.slice(0, top === 'local' ? 2 : 1).join('/');
}

const arrows = imports.filter(isRelative).map((one) => {
  const path = pathOf(one);
  return { file: one.file, path, from: folderOf(one.file), to: folderOf(path) };
});

describe('the folders', () => {
  test('are all named in the table, and the table names no other', () => {
    const folders = new Set(files.map(({ file }) => folderOf(file)));

    expect([...folders].sort()).toEqual(Object.keys(allowed).sort());
  });

  test('import each other only as the table says', () => {
    const violations = arrows
      .filter(({ from, to }) => from !== to && !allowed[from]?.includes(to))
      .map(({ file, path }) => `${file} imports ${path}`);

    expect(arrows.length).toBeGreaterThan(500);
    expect(violations).toEqual([]);
  });

  test('have an arrow in the table only where there is an import', () => {
    const used = new Set(arrows.map(({ from, to }) => `${from} imports ${to}`));
    const listed = Object.entries(allowed).flatMap(([from, targets]) =>
      targets.map((to) => `${from} imports ${to}`),
    );

    expect(listed.length).toBeGreaterThan(50);
    expect(listed.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  test('import each other in one direction', () => {
    expect(cyclesIn(new Map(Object.entries(allowed)))).toEqual([]);
  });

  test('have no cycle of imports, types included', () => {
    const all = [...files, ...readFolders('test', 'bench')];
    const graph = new Map(all.map(({ file }): [string, string[]] => [file, []]));
    for (const one of all
      .flatMap(({ file, text }) => importsOf(file, withoutComments(text)))
      .filter(isRelative)) {
      graph.get(one.file)?.push(pathOf(one));
    }

    expect(graph.size).toBeGreaterThan(500);
    expect(cyclesIn(graph)).toEqual([]);
  });
});

/** Every cycle that a depth-first search closes, as `a → b → a`. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

describe('libraries', () => {
  const packages = imports.filter((one) => !isRelative(one));
  /** The imports of packages that break a rule, among those of the files in a folder. */
  const breaking = (folder: string, isAllowed: (one: Import) => boolean) => {
    const found = packages.filter(({ file }) => file.startsWith(folder));
    expect(found).not.toEqual([]);
    return found.filter((one) => !isAllowed(one)).map(({ file, target }) => `${file}: ${target}`);
  };

  /** The one thing that is taken from node:zlib, which also inflates. */
  const isChecksum = ({ names, target }: Import) => target === 'node:zlib' && names === '{ crc32 }';

  test('the domain uses zod, node:crypto and a checksum, and nothing that reaches the network', () => {
    expect(
      breaking(
        'functions/domain/',
        (one) => /^(zod|node:crypto)$/.test(one.target) || isChecksum(one),
      ),
    ).toEqual([]);
  });

  test('the code that reads pictures imports nothing but a checksum, so no decoder', () => {
    expect(files.some(({ file }) => file.startsWith('functions/domain/images/'))).toBe(true);
    expect(breaking('functions/domain/images/', isChecksum)).toEqual([]);
  });

  test('only the adapters for AWS and the handlers that wire them use the AWS SDK', () => {
    const mayUseIt = /^functions\/(adapters\/aws|api|workflow|events)\//;

    expect(
      breaking(
        'functions/',
        ({ file, target }) => !target.startsWith('@aws-sdk/') || mayUseIt.test(file),
      ),
    ).toEqual([]);
  });

  test('zod is imported as a namespace, since the named import bundles five times as much', () => {
    expect(
      breaking('', ({ names, target }) => target !== 'zod' || /^(type )?\* as z$/.test(names)),
    ).toEqual([]);
  });
});

describe('an adapter gets what was decided, and returns reasons and data', () => {
  // What adapters import from the domain to run it, types apart: pure functions of their values, numbers, errors and the
  // sentences of providers' errors. A use case is not among them, nor is a rule about which account, picture or key it is.
  const allowedValues: Readonly<Record<string, readonly string[]>> = {
    'accounts/rate-limit': [
      'decide',
      'lastUsedPrecisionMs',
      'limited',
      'rateLimitAt',
      'rateLimitState',
    ],
    'billing/ledger': ['LedgerBusy'],
    'billing/shards': [
      'divide',
      'maxShardsAfter',
      'placeTask',
      'shardsFor',
      'spreadEvenly',
      'typicalTaskPrice',
      'withdrawFrom',
    ],
    'billing/usage': ['afterPosition', 'endOfPositions', 'sumUsage', 'usageOf', 'usagePosition'],
    'files/file-name': ['contentDisposition', 'mimeTypeOf'],
    'files/ports': ['FileProblem'],
    'images/read-image': ['readImage'],
    'providers/durations': ['medianOf', 'withNewest'],
    'providers/reasons': ['failed', 'finished', 'reasons'],
    'providers/rejections': ['rejectionDays'],
    'providers/sandbox-effects': ['effectsOf'],
    'tasks/input-problems': ['InputProblem'],
    'tasks/thumbnails': ['DecoderTimeout'],
    'wire/deliver-picture': ['pictureLinkSeconds'],
    // The records of the model are free, but for these files, which have rules and sentences in them.
    'model/failures': ['failures'],
    // Where the rows of both sides of an account lie, and which accounts a list has.
    'model/mode': ['accountIn', 'isTestAccount', 'ownerOf', 'testLimits'],
  };
  const ruled = /^model\/(canary|failures|mode|signing-keys)$|^(?!model\/)/;

  const taken = imports
    .filter(({ file, names }) => file.startsWith('functions/adapters/') && !/^type\b/.test(names))
    .filter(isRelative)
    .flatMap((one) => {
      const [, path = ''] = /^functions\/domain\/(.*)\.ts$/.exec(pathOf(one)) ?? [];
      return ruled.test(path) && path !== ''
        ? valuesIn(one.names).map((name) => ({ ...one, path, name }))
        : [];
    });

  test('so it imports no use case and no rule of the product', () => {
    const violations = taken
      .filter(({ path, name }) => !allowedValues[path]?.includes(name))
      .map(({ file, path, name }) => `${file} imports ${name} from ${path}`);

    expect(taken.length).toBeGreaterThan(30);
    expect(violations).toEqual([]);
  });

  test('and the list names nothing that no adapter imports', () => {
    const used = new Set(taken.map(({ path, name }) => `${path} ${name}`));
    const listed = Object.entries(allowedValues).flatMap(([path, names]) =>
      names.map((name) => `${path} ${name}`),
    );

    expect(listed.filter((one) => !used.has(one))).toEqual([]);
  });

  test.each([
    ['{ a, type B, c as d }', ['a', 'c']],
    ['{\n  a,\n  type B,\n}', ['a']],
    ['* as all', ['* as all']],
  ])('the values in %j are %j', (names, values) => {
    expect(valuesIn(names)).toEqual(values);
  });
});

/** The names of an import that exist at run time. */
function valuesIn(names: string): readonly string[] {
  if (!names.startsWith('{')) return [names];
  return names
    .replace(/[{}]/g, '')
    .split(',')
    .map((name) => name.trim().replace(/ as .*$/, ''))
    .filter((name) => name !== '' && !name.startsWith('type '));
}

test('only the declaration of a route, and the file that links take their paths from, write a path of this API', () => {
  const domain = files.filter(({ file }) => file.startsWith('functions/domain/'));
  const links = [...domain, ...files.filter(({ file }) => file.includes('adapters/public-api/'))];
  const writes = links.filter(({ text }) => /[`'}](\/api)?\/v1\//.test(withoutComments(text)));

  expect(writes.map(({ file }) => file)).toEqual(['functions/domain/model/paths.ts']);
});

test('no adapter knows the name of an environment variable: the file that wires it reads the environment', () => {
  const adapterFiles = files.filter(({ file }) => file.startsWith('functions/adapters/'));
  const pattern = /\b[A-Z]+_(TABLE|URLS?|SECRET|BUCKET|CAPACITIES|SECONDS)\b|\bprocess\.env\b/;

  expect(adapterFiles.length).toBeGreaterThan(30);
  expect(adapterFiles.filter(({ text }) => pattern.test(text)).map(({ file }) => file)).toEqual([]);
});

test('no file is an index, and what a file exports has a name', () => {
  const wrong = files
    .filter(
      ({ file, text }) =>
        /(^|\/)index\.ts$/.test(file) ||
        /^export default\b|^export\s*\{[^}]*\bas default\b/m.test(text),
    )
    .map(({ file }) => file);

  expect(wrong).toEqual([]);
});

describe('the test itself', () => {
  test.each([
    ["import { a, type B } from './c.ts';", '{ a, type B }'],
    ["import {\n  a,\n  type B,\n} from './c.ts';", '{\n  a,\n  type B,\n}'],
    ["import type { A } from './c.ts';", 'type { A }'],
    ["import * as c from './c.ts';", '* as c'],
    ["import './c.ts';", '*'],
    ["const c = await import('./c.ts');", '*'],
    ["export { a } from './c.ts';", '{ a }'],
    ["export * from './c.ts';", '*'],
  ])('reads the import in %j', (text, names) => {
    expect(importsOf('a/b.ts', text)).toEqual([{ file: 'a/b.ts', names, target: './c.ts' }]);
  });

  test.each([
    ['functions/domain/tasks/create-task.ts', 'functions/domain/tasks'],
    ['functions/adapters/providers/fal/adapter.ts', 'functions/adapters/providers'],
    ['functions/api/create-task.ts', 'functions/api'],
    ['local/aws/s3/server.ts', 'local/aws'],
    ['local/main.ts', 'local'],
    ['cli/admin/admin-api.ts', 'cli'],
  ])('%s lies in %s', (path, folder) => {
    expect(folderOf(path)).toBe(folder);
  });

  test('finds a cycle of three files, and one of a file with itself', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['d']],
    ]);

    expect(cyclesIn(graph)).toEqual(['a → b → c → a', 'd → d']);
  });
});

describe('the console', () => {
  const sources = readFolders('console').filter(({ file }) => !file.endsWith('.d.ts'));
  const own = sources.flatMap(({ file, text }) => importsOf(file, withoutComments(text)));

  test('imports nothing outside its folder but the text of four pages: it knows the API by the types of its document', () => {
    const outside = own.filter(isRelative).filter((one) => !pathOf(one).startsWith('console/'));

    expect(own.length).toBeGreaterThan(100);
    expect(outside.map((one) => [one.file, pathOf(one)])).toEqual([
      ['console/screens/docs/pages.tsx', 'docs/calling.md?raw'],
      ['console/screens/docs/pages.tsx', 'docs/errors.md?raw'],
      ['console/screens/docs/pages.tsx', 'README.md?raw'],
      ['console/screens/operator/runbook.ts', 'docs/runbook.md?raw'],
    ]);
  });

  test('is written as React: only its entry knows what it runs on', () => {
    const packages = own.filter((one) => !isRelative(one));

    expect([...new Set(packages.map(({ target }) => target))].sort()).toEqual([
      '@tanstack/react-query',
      'client-zip',
      'openapi-fetch',
      'preact',
      'react',
      'wouter',
    ]);
    expect(packages.filter(({ target }) => target === 'preact').map(({ file }) => file)).toEqual([
      'console/main.tsx',
    ]);
  });

  test('has parts that know no screen', () => {
    const parts = own.filter(({ file }) => file.startsWith('console/parts/')).filter(isRelative);

    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map(pathOf).filter((path) => !/^console\/(parts|api)\//.test(path))).toEqual([]);
  });

  test('sends changes to the service only through useAction, so that a second click does nothing twice', () => {
    const users = sources.filter(({ text }) => /\b(useMutation|mutateAsync)\b/.test(text));

    expect(users.map(({ file }) => file)).toEqual(['console/parts/use-action.ts']);
  });

  test('makes no element from a text', () => {
    const pattern = /innerHTML|outerHTML|insertAdjacentHTML|document\.write/i;

    expect(sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file)).toEqual([]);
  });
});
