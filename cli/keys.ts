import { createProgram, runProgram } from './command-line.ts';
import { addIssueFirstKey } from './issue-first-key.ts';

const program = createProgram('keys', 'API keys, made with your AWS credentials.');
addIssueFirstKey(program);

await runProgram(program);
