#!/usr/bin/env node
// Plain JavaScript, so that the Node of the machine can run it. The command itself is TypeScript for Node 24. On an older
// Node, this file starts the Node that `npm ci` has installed with the other packages.
import { spawn } from 'node:child_process';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findInstalledNode } from './installed-node.js';

if (Number.parseInt(process.versions.node, 10) >= 24) {
  // Caches compiled code and TypeScript without its types, so that the next command starts in a third of the time.
  module.enableCompileCache(fileURLToPath(new URL('../.local/cache/compiled', import.meta.url)));
  await import('./darkroom.ts');
} else {
  runWith(findInstalledNode()?.path);
}

/**
 * Runs the command as a process that shares the terminal, and ends with the exit code or the signal of that process.
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
