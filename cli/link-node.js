// Runs after `npm ci`, by the Node of the machine. npm 10 removes `node_modules/.bin/node` together with the Node packages
// for other platforms, and every script here would then run on the Node of the machine. npm makes the link again.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findInstalledNode } from './installed-node.js';

const link = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
const npm = process.env['npm_execpath'];
const installed = findInstalledNode();
if (installed && npm && !existsSync(link)) {
  const rebuild = ['rebuild', '--ignore-scripts', '--silent', installed.name];
  try {
    execFileSync(process.execPath, [npm, ...rebuild], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    process.stderr.write(
      `node_modules/.bin/node is missing. Make it with: npm rebuild ${installed.name}\n`,
    );
  }
}
