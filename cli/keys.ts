import { addConsoleLink } from './console-link.ts';
import { addIssueFirstKey } from './issue-first-key.ts';
import { createProgram, runProgram } from './program/command-line.ts';
import { addStoreCanaryKey } from './store-canary-key.ts';
import { addStoreProviderKey } from './store-provider-key.ts';

const program = createProgram(
  'keys',
  'API keys of callers and of providers, with your AWS credentials.',
);
addIssueFirstKey(program);
addConsoleLink(program);
addStoreProviderKey(program);
addStoreCanaryKey(program);

await runProgram(program);
