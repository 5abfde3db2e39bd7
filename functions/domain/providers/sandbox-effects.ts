import { type TaskErrorCode, taskErrorCodes } from '../model/problem.ts';

// What a prompt asks of the sandbox provider, in brackets: `[fail: content_policy_violation]`, `[seconds: 40]`,
// `[partial: 2]`, `[busy]`, `[unknown]`. Other words in brackets have no effect.

/** How long a job may be asked to take, in seconds: the sandbox does one at a time, for everybody. */
export const maxSandboxSeconds = 120;
/** How often a busy sandbox refuses when the prompt does not say: the workflow retries this often within seconds. */
const usualBusy = 2;
/** How often the sandbox can be busy at most. From the third time on the task waits in the queue. */
export const maxSandboxBusy = 5;

export type SandboxEffects = {
  /** The job fails with this code. */
  readonly fail?: TaskErrorCode;
  /** How long the job takes. */
  readonly seconds?: number;
  /** Only this many images are made. */
  readonly partial?: number;
  /** How many submits are refused before one is accepted. */
  readonly busy?: number;
  /** The submit gets no clear response. */
  readonly unknown?: true;
};

const effect = /\[\s*(fail|seconds|partial|busy|unknown)\s*(?::([^\]]*))?\]/gi;

const wholeNumber = (text: string, min: number, max: number): number | undefined => {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
};

/** The effects that each word has with its value; undefined for a value that it cannot have. */
const effects: Readonly<Record<string, (value: string) => SandboxEffects | undefined>> = {
  fail: (value) => {
    const fail = taskErrorCodes.find((code) => code === value);
    return fail && { fail };
  },
  seconds: (value) => {
    const seconds = wholeNumber(value, 0, maxSandboxSeconds);
    return seconds === undefined ? undefined : { seconds };
  },
  partial: (value) => {
    const partial = wholeNumber(value, 1, 9999);
    return partial === undefined ? undefined : { partial };
  },
  busy: (value) => {
    const busy = value === '' ? usualBusy : wholeNumber(value, 1, maxSandboxBusy);
    return busy === undefined ? undefined : { busy };
  },
  unknown: (value) => (value === '' ? { unknown: true } : undefined),
};

const rules: Readonly<Record<string, string>> = {
  fail: `[fail: …] takes one of: ${taskErrorCodes.join(', ')}`,
  seconds: `[seconds: …] takes a whole number from 0 to ${maxSandboxSeconds}`,
  partial: '[partial: …] takes a whole number from 1 on',
  busy: `[busy] takes no value, or a whole number from 1 to ${maxSandboxBusy}`,
  unknown: '[unknown] takes no value',
};

/** What a prompt asks for. An effect with a value that it cannot have is left out. */
export const effectsOf = (prompt: string): SandboxEffects =>
  Object.assign({}, ...wordsIn(prompt).map(({ word, value }) => effects[word]?.(value)));

/** What is wrong with the first invalid effect in a prompt; `undefined` when all of them are valid. */
export function effectProblem(prompt: string): string | undefined {
  const wrong = wordsIn(prompt).find(({ word, value }) => effects[word]?.(value) === undefined);
  return wrong && `In test mode ${rules[wrong.word]}.`;
}

const wordsIn = (prompt: string) =>
  [...prompt.matchAll(effect)].map(([, word = '', value = '']) => ({
    word: word.toLowerCase(),
    value: value.trim(),
  }));
