const units = [
  ['d', 24 * 60 * 60],
  ['h', 60 * 60],
  ['min', 60],
  ['s', 1],
] as const;

/** How long ago that was, in the largest unit that fits: "3 h". */
export function age(unixSeconds: number, nowMs: number): string {
  // The clock of the API may be ahead of ours.
  const seconds = Math.max(0, Math.floor(nowMs / 1000 - unixSeconds));
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** That moment for machines and other time zones: "2026-11-22T17:05:00Z". */
export const isoTime = (unixSeconds: number): string =>
  `${new Date(unixSeconds * 1000).toISOString().slice(0, -5)}Z`;
