import { runProgram } from './command-line.ts';
import { createDarkroom } from './darkroom-commands.ts';
import { processTerminal } from './terminal.ts';

await runProgram(createDarkroom(processTerminal()));
