import { getSystemErrorMessage } from 'node:util';
import { CliError } from './cli-error.ts';

/** An error of the file system in plain words: "Cannot read cat.png: no such file or directory". */
export function fileError(what: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error && 'errno' in thrown && typeof thrown.errno === 'number')) {
    return thrown;
  }
  return new CliError(`${what}: ${getSystemErrorMessage(thrown.errno)}`, { cause: thrown });
}
