#!/usr/bin/env node
import { commandLine, run } from './command-line.ts';
import { addGenerate } from './generate-command.ts';
import { addTask } from './task-command.ts';
import { addTasks } from './tasks-command.ts';

// One file a command; each adds itself.
const program = commandLine('darkroom', 'Pictures out of pictures, by your own API.');
addGenerate(program);
addTasks(program);
addTask(program);

await run(program);
