import { setTimeout } from 'node:timers/promises';

/** What a command sees of the world it runs in, and how it speaks to it. */
export type Terminal = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** Whether a person reads what is printed, or another program. */
  readonly isWatched: boolean;
  readonly print: (text: string) => void;
  /** Says what does not belong to the answer. */
  readonly remark: (text: string) => void;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
};

/** The terminal of this process. */
export const thisTerminal = (): Terminal => ({
  env: process.env,
  directory: process.cwd(),
  isWatched: Boolean(process.stdout.isTTY),
  print: (text) => console.log(text),
  remark: (text) => process.stderr.write(`${text}\n`),
  now: Date.now,
  sleep: setTimeout,
});
