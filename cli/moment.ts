const hour = 60 * 60;
const unitSeconds: Readonly<Record<string, number>> = { h: hour, d: 24 * hour };

/** The unix seconds that "2h", "3d" or "2026-11-22" (its midnight, here) mean, if they mean any. */
export const since = (text: string, nowMs: number): number | undefined => moment(text, nowMs, -1);

/** The same for a time to come: "30d" is in 30 days. */
export function until(text: string, nowMs: number): number | undefined {
  const seconds = moment(text, nowMs, 1);
  return seconds !== undefined && seconds * 1000 > nowMs ? seconds : undefined;
}

function moment(text: string, nowMs: number, direction: 1 | -1): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([hd])$/.exec(text) ?? [];
  const size = unitSeconds[unit];
  if (!size) return midnight(text);
  return Math.max(0, Math.floor(nowMs / 1000) + direction * Number(count) * size);
}

function midnight(text: string): number | undefined {
  if (!/^(19[7-9]\d|2\d{3})-\d\d-\d\d$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00`);
  // A 31st of February is read as one in March.
  if (date.getDate() !== Number(text.slice(-2))) return undefined;
  return Math.max(0, Math.floor(date.getTime() / 1000));
}
