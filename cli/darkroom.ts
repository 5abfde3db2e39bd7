import { createDarkroom } from './darkroom-commands.ts';
import { runProgram } from './program/command-line.ts';
import { processTerminal } from './program/process-terminal.ts';

await runProgram(createDarkroom(processTerminal()));
