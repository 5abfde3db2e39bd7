import { createProgram, runProgram } from './program/command-line.ts';
import { processTerminal } from './program/process-terminal.ts';
import { addRestore } from './restore/restore-commands.ts';

const program = createProgram(
  'restore',
  'Restores the tables to a moment, with your AWS credentials: docs/restoring.md',
);
addRestore(program, processTerminal());

await runProgram(program);
