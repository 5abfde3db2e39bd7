import { addIssueFirstKey } from './issue-first-key.ts';
import { createProgram, runProgram } from './program/command-line.ts';

const program = createProgram('keys', 'API keys, made with your AWS credentials.');
addIssueFirstKey(program);

await runProgram(program);
