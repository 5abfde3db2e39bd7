import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * The Node 24 among the installed packages.
 * @returns {{ name: string, path: string } | undefined} its package and its program; undefined if there is none for this platform
 */
export function findInstalledNode() {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const name = Object.keys(require('../package.json').optionalDependencies).find(
    (one) => one.startsWith('node-') && one.endsWith(`-${os}-${process.arch}`),
  );
  if (name === undefined) return undefined;
  try {
    const path = require.resolve(`${name}/package.json`);
    return { name, path: join(dirname(path), require(path).bin.node) };
  } catch {
    return undefined;
  }
}
