import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readSecret } from './read-secret.ts';
import { escapeControls, type Terminal } from './terminal.ts';

/** The terminal of this process. */
export const processTerminal = (): Terminal => ({
  env: process.env,
  directory: process.cwd(),
  checkout: fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, ''),
  isInteractive: Boolean(process.stdout.isTTY),
  print: (text) => console.log(escapeControls(text)),
  printNote: (text) => process.stderr.write(`${escapeControls(text)}\n`),
  readSecret,
  now: Date.now,
  sleep: setTimeout,
});
