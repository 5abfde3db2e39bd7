import { type Command, Option } from 'commander';
import {
  defaultModel,
  type Model,
  modelNamed,
  models,
  widestLimits,
} from '../../functions/domain/model/catalogue.ts';
import { maxSeed } from '../../functions/domain/model/task.ts';
import type { GenerationRequest } from '../../functions/domain/wire/request.ts';
import { parseCount, parseMetadata, wholeNumberParser } from '../program/arguments.ts';
import { usageError } from '../program/cli-error.ts';
import type { CreateRequest } from './task-run.ts';

type Field = Exclude<keyof GenerationRequest, 'ignored'>;

/** The argument or the option for each field of a create. A field without one does not compile, and fails a test. */
export const optionOfField: Readonly<Record<Field, string>> = {
  prompt: '--prompt',
  image_urls: '<picture...>',
  image_uploads: '<picture...>',
  n: '--n',
  model: '--model',
  size: '--size',
  seed: '--seed',
  negative_prompt: '--negative-prompt',
  prompt_extend: '--prompt-extend',
  watermark: '--watermark',
  callback_url: '--callback-url',
  lane: '--bulk',
  metadata: '--metadata',
};

/** The values of these options, under the names that commander gives them. */
export type CreateOptions = {
  readonly prompt: string;
  readonly n?: number;
  readonly model?: string;
  readonly size?: string;
  readonly seed?: number;
  readonly negativePrompt?: string;
  readonly promptExtend?: boolean;
  readonly watermark?: boolean;
  readonly callbackUrl?: string;
  readonly bulk?: boolean;
  readonly metadata?: Record<string, string>;
};

/** Adds an option for every field of a create. */
export const withCreateOptions = (command: Command): Command =>
  command
    .requiredOption('--prompt <text>', 'what to make of the pictures')
    .option('--n <count>', `how many pictures to make, 1 to ${widestLimits().maxN}`, parseCount)
    .option('--model <model>', 'which model makes them, as `darkroom models` lists them')
    .option('--size <size>', 'like 1280x1280, a ratio like 16:9, or auto')
    .option(
      '--seed <number>',
      'the same seed makes similar pictures',
      wholeNumberParser(0, maxSeed),
    )
    .option('--negative-prompt <text>', 'what must not be in the results')
    .option('--prompt-extend', 'let the model extend the prompt')
    .option('--no-prompt-extend', 'take the prompt as it is')
    .option('--watermark', 'put a watermark on them')
    .option('--no-watermark', 'put no watermark on them')
    .option('--callback-url <address>', 'where to post the task when it has ended')
    .option('--bulk', 'let other tasks of this account go first')
    .addOption(
      new Option(
        '--metadata <key=value>',
        'a text to keep with the task; can be given several times',
      ).argParser(parseMetadata),
    );

/**
 * The fields of the request, beside its pictures.
 * @throws {CliError} when the model makes fewer pictures. What a model takes that only the API knows, the API says.
 */
export function requestOf(
  options: CreateOptions,
  catalogue: readonly Model[] = models,
): CreateRequest {
  const { n, model = defaultModel.id } = options;
  const { maxN = Number.POSITIVE_INFINITY } = modelNamed(model, catalogue) ?? {};
  if (n !== undefined && n > maxN) {
    throw usageError(
      `option '--n <count>' argument '${n}' is invalid. It must be a whole number from 1 to ${maxN}.`,
    );
  }
  return fieldsOf(options);
}

const fieldsOf = (options: CreateOptions): CreateRequest => ({
  model: options.model,
  prompt: options.prompt,
  n: options.n,
  size: options.size,
  seed: options.seed,
  negative_prompt: options.negativePrompt,
  prompt_extend: options.promptExtend,
  watermark: options.watermark,
  callback_url: options.callbackUrl,
  lane: options.bulk ? 'bulk' : undefined,
  metadata: options.metadata,
});
