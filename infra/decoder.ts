import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const require = createRequire(import.meta.url);

/** The folder of the decoder, beside the bundle that uses it. */
const folder = 'sharp-wasm32';

/**
 * The decoder copies the environment of its process into its memory, and on Lambda the environment has the credentials of
 * the role. So it starts with an empty environment. A file `*.node` among the loaded modules is native code: then the
 * decoder is not the one in WebAssembly, for example because a folder above has a native build, and the function fails.
 */
const loader = `
const environment = process.env;
process.env = {};
let decoder;
try {
  decoder = require('./${folder}/index.cjs');
} finally {
  process.env = environment;
}
const native = Object.keys(require.cache).find((file) => file.endsWith('.node'));
if (native !== undefined) throw new Error('pictures are decoded in WebAssembly alone, and this is loaded: ' + native);
module.exports = decoder;
`;

/**
 * Bundles sharp with its build in WebAssembly. sharp itself searches every folder above for a native build first, and
 * uses it silently. So this plugin replaces that search, and the bundle cannot reach a native build.
 */
export const decoderPlugin: Plugin = {
  name: 'decoder in WebAssembly',
  setup({ onResolve, onLoad }) {
    // The CommonJS build of sharp: the bundles are CommonJS as well.
    onResolve({ filter: /^sharp$/ }, () => ({ path: require.resolve('sharp') }));
    onResolve({ filter: /^\.\/sharp\.cjs$/ }, () => ({ path: folder, namespace: folder }));
    onResolve({ filter: /^\.\/sharp-wasm32\// }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /^/, namespace: folder }, () => ({ contents: loader, loader: 'js' }));
  },
};

/**
 * Puts the decoder beside a bundle, as the files that its makers publish: under its licence (LGPL) everybody must be able
 * to replace it.
 * @param directory the directory of the bundle
 */
export async function copyDecoder(directory: string): Promise<void> {
  const packageFile = require.resolve('@img/sharp-wasm32/package');
  const copy = join(directory, folder);
  cpSync(dirname(packageFile), copy, {
    recursive: true,
    filter: (path) => !path.endsWith('node_modules'),
  });
  // The one package that it needs, which npm may have put elsewhere.
  await build({
    entryPoints: [createRequire(packageFile).resolve('@emnapi/runtime')],
    outfile: join(copy, 'node_modules/@emnapi/runtime/index.js'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
}
