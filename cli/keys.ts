import { commandLine, run } from './command-line.ts';
import { addCreateKey } from './create-key-command.ts';

const program = commandLine('keys', 'API keys, made with your AWS credentials.');
addCreateKey(program);

await run(program);
