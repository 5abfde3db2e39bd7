import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { LoadedRoute } from '../functions/api/routes.ts';
import { type Entry, entries } from '../functions/runtime/env.ts';
import { routeKey } from '../functions/runtime/route.ts';
import { buildConsole } from './console.ts';
import { copyDecoder, decoderPlugin } from './decoder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

// In Lambda, credentials come from the environment. These other credential providers are never used
// there, and a bundle without them loads a third faster.
const neverLoaded = ['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map(
  (source) => `@aws-sdk/credential-provider-${source}`,
);

/**
 * Builds the code of every function, in one esbuild run, since they share most of their modules. Nothing here loads CDK,
 * so that CDK can be loaded while the bundles are built.
 * @param routes say which handlers an API function has
 * @returns the directory of the bundles: one folder for each entry, and beside the console's bundle its files. The
 * directory is deleted when the process ends
 */
export async function buildBundles(routes: readonly LoadedRoute[]): Promise<string> {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-bundles-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  const sources = join(outdir, 'sources');
  // The console's files lie beside the bundle that sends them.
  const console = buildConsole(join(outdir, 'api/console/files'));
  const decoder = copyDecoder(join(outdir, 'events/make-thumbnail'));
  await build({
    absWorkingDir: root,
    entryPoints: (Object.keys(entries) as Entry[]).map((entry) => ({
      in: sourceFile(sources, entry, routes),
      out: `${entry}/index`,
    })),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    // In an ES module, an import of `node:http` loads all of its exports and with them Node's whole
    // `fetch`, at every cold start. `require` does not.
    format: 'cjs',
    // `import()` does the same, and the SDK uses it for its HTTP client.
    supported: { 'dynamic-import': false },
    target: 'node24',
    // By default esbuild takes the CommonJS half of a package, which it cannot tree-shake.
    mainFields: ['module', 'main'],
    external: neverLoaded,
    plugins: [decoderPlugin],
    legalComments: 'none',
    logLevel: 'warning',
  });
  await Promise.all([console, decoder]);
  rmSync(sources, { recursive: true });
  return outdir;
}

/**
 * Writes the source file of a function into `directory` and returns its path. The file sets up the network first. For an
 * API function, it has the handlers of all routes that name the function.
 */
export function sourceFile(
  directory: string,
  entry: Entry,
  routes: readonly LoadedRoute[],
): string {
  const file = join(directory, `${entry}.ts`);
  mkdirSync(dirname(file), { recursive: true });
  const lines = entry.startsWith('api/')
    ? linesOfApi(routes.filter(({ route }) => `api/${route.function}` === entry))
    : [`export { handler } from ${inSources(`functions/${entry}.ts`)};`];
  writeFileSync(
    file,
    [`import ${inSources('functions/runtime/network.ts')};`, ...lines, ''].join('\n'),
  );
  return file;
}

function linesOfApi(served: readonly LoadedRoute[]): readonly string[] {
  const imports = served.map(
    ({ folder }, index) =>
      `import { handler as handler${index} } from ${JSON.stringify(join(folder, 'handler.ts'))};`,
  );
  const handlers = served.map(
    ({ route }, index) => `  ${JSON.stringify(routeKey(route))}: handler${index},`,
  );
  return [
    `import { dispatch } from ${inSources('functions/runtime/http.ts')};`,
    ...imports,
    'export const handler = dispatch({',
    ...handlers,
    '});',
  ];
}

const inSources = (path: string): string => JSON.stringify(join(root, path));
