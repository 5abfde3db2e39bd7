#!/usr/bin/env node
// Plain JavaScript, so that the Node of the machine can run it. The command itself is TypeScript for Node 24:
// if this is an older one, it is run by the Node that `npm ci` has installed with the other packages.
import { spawn } from 'node:child_process';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (Number.parseInt(process.versions.node, 10) >= 24) {
  // What is compiled, and the TypeScript without its types: the next command starts in a third of the time.
  module.enableCompileCache(fileURLToPath(new URL('../.local/cache/compiled', import.meta.url)));
  await import('./darkroom.ts');
} else {
  runWith(findInstalledNode());
}

/**
 * The Node among the installed packages, if there is one for this platform.
 * @returns {string | undefined}
 */
function findInstalledNode() {
  const require = createRequire(import.meta.url);
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const name = Object.keys(require('../package.json').optionalDependencies).find(
    (one) => one.startsWith('node-') && one.endsWith(`-${os}-${process.arch}`),
  );
  try {
    const path = require.resolve(`${name}/package.json`);
    return join(dirname(path), require(path).bin.node);
  } catch {
    return undefined;
  }
}

/**
 * Runs the command as a process that shares the terminal, and ends as that one does.
 * @param {string | undefined} node
 */
function runWith(node) {
  if (node === undefined) {
    fail(
      `this needs Node 24, which \`npm ci\` installs; here is only Node ${process.versions.node}`,
    );
    return;
  }
  const program = fileURLToPath(import.meta.url);
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(/** @type {NodeJS.Signals} */ (signal)));
  }
  child.on('error', (error) => fail(`${node} does not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
    if (!signal) return;
    // The caller of this process sees the same signal.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = 1;
}
