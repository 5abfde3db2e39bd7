/** Units of time, in milliseconds. */
export const minuteMs = 60 * 1000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** `five`, `120`: a number in a sentence. */
export const spellNumber = (n: number): string => words[n] ?? String(n);

const units = [
  { ms: dayMs, one: 'a day', many: 'days' },
  { ms: hourMs, one: 'an hour', many: 'hours' },
  { ms: minuteMs, one: 'a minute', many: 'minutes' },
  { ms: 1000, one: 'a second', many: 'seconds' },
] as const;

/** `a day`, `half an hour`, `ten minutes`: a duration in a sentence, in the largest unit that it is a multiple of. */
export function spellDuration(ms: number): string {
  for (const { ms: unitMs, one, many } of units) {
    if (ms === unitMs) return one;
    if (ms === unitMs / 2) return `half ${one}`;
    if (ms % unitMs === 0) return `${spellNumber(ms / unitMs)} ${many}`;
  }
  return `${ms} milliseconds`;
}
