import type { ImageLimits } from '../model/catalogue.ts';
import { spellDuration } from '../model/duration.ts';
import { type Failure, fileTtlMs } from '../model/task.ts';
import { InputRejected, InputUnavailable } from '../model/workflow-errors.ts';

/** Why the private copy of an input could not be made. A `detail` is public and completes "image_urls[0] …". */
export type InputProblemReason =
  | { readonly reason: 'missing-file' | 'missing-upload' | 'too-large' | 'empty' }
  /** The response of the address had another status than a 2xx. */
  | { readonly reason: 'http-status'; readonly status: number }
  /** The address may not be used. */
  | { readonly reason: 'address'; readonly detail: string }
  /** The address gave no complete response. */
  | { readonly reason: 'unreachable'; readonly detail: string };

/** The private copy of an input could not be made. The adapter says why; `inputErrorOf` says what follows from it. */
export class InputProblem extends Error {
  override readonly name = 'InputProblem';
  readonly problem: InputProblemReason;
  readonly logReason: string;
  /** The HTTP status of the response, if there was one and it is the problem. */
  readonly status: number | undefined;

  constructor(problem: InputProblemReason, options?: ErrorOptions) {
    super(problem.reason, options);
    this.problem = problem;
    this.logReason = problem.reason;
    this.status = problem.reason === 'http-status' ? problem.status : undefined;
  }
}

/** Whether the input is rejected for good, or another attempt may help; and what the caller reads. */
export function inputErrorOf(
  cause: InputProblem,
  index: number,
  { maxBytes }: Pick<ImageLimits, 'maxBytes'>,
): InputRejected | InputUnavailable {
  const { problem } = cause;
  const unavailable = (message: string) =>
    new InputUnavailable(`image_urls[${index}] ${message}.`, { cause });
  const rejected = (code: Failure['code'], message: string) =>
    new InputRejected({ code, message }, { cause });

  switch (problem.reason) {
    case 'missing-file':
      return rejected(
        'image_processing_error',
        `was never uploaded, or longer than ${spellDuration(fileTtlMs)} ago; upload it again`,
      );
    case 'missing-upload':
      return rejected(
        'invalid_parameters',
        'did not arrive in time; create a new task and upload every picture with the form in the response',
      );
    case 'too-large':
      return rejected(
        'invalid_parameters',
        `is larger than ${megabytes(maxBytes)} MB; send a smaller file`,
      );
    case 'empty':
      return rejected('image_processing_error', 'is empty');
    case 'http-status':
      return isTemporary(problem.status)
        ? unavailable(`answered ${problem.status} when it was fetched`)
        : rejected('image_processing_error', `answered ${problem.status}${hint(problem.status)}`);
    case 'address':
      return rejected('image_processing_error', problem.detail);
    case 'unreachable':
      return unavailable(problem.detail);
    default:
      return problem satisfies never;
  }
}

function hint(status: number): string {
  if ([401, 403, 407].includes(status)) return '; it must be downloadable without a login';
  return status === 404 || status === 410 ? ': there is nothing at this address' : '';
}

const isTemporary = (status: number): boolean => status === 408 || status === 429 || status >= 500;

const megabytes = (bytes: number): number => Math.floor(bytes / (1024 * 1024));
