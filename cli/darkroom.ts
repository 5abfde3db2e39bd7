#!/usr/bin/env node
import { run } from './command-line.ts';
import { darkroom } from './darkroom-commands.ts';
import { thisTerminal } from './terminal.ts';

await run(darkroom(thisTerminal()));
