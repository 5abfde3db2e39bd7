import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Outputs as AllOutputs } from '../../functions/domain/model/stack-outputs.ts';
import { parseJson } from '../api/api-caller.ts';
import { CliError, fileError } from '../program/cli-error.ts';

/** The outputs of a stack, which may be that of an earlier version. */
export type Outputs = { readonly [name in keyof AllOutputs]?: AllOutputs[name] | undefined };

const File = z.record(z.string(), z.record(z.string(), z.string()));

/**
 * The outputs of the stack in a file as `cdk deploy --outputs-file` writes it.
 * @throws {CliError} when it cannot be read, or has no stack of Darkroom
 */
export async function readOutputs(path: string): Promise<Outputs> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw fileError(`Cannot read ${path}`, thrown);
  });
  const stacks = Object.values(File.safeParse(parseJson(text)).data ?? {});
  const [outputs, ...others] = stacks.filter(({ Url, FirstKey }) => Url && FirstKey);
  if (!outputs) {
    throw new CliError(`${path} has no outputs of Darkroom: cdk deploy --outputs-file writes them`);
  }
  if (others.length > 0)
    throw new CliError(`${path} has the outputs of several stacks of Darkroom`);
  return outputs;
}
