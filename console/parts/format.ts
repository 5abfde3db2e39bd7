/** `1.2 credits`. */
export const credits = (amount: number): string =>
  `${number(amount)} ${amount === 1 ? 'credit' : 'credits'}`;

export const number = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: 3 });

/** `8.4 s`, `2 min 5 s`, `3 h 2 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `just now`, `5 min ago`, `3 days ago`. @param at and @param now in unix seconds */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, now - at);
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/** The local time, with the date when it is another day. @param at in unix seconds */
export const localTime = (at: number): string =>
  new Date(at * 1000).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const localDay = (at: number): string =>
  new Date(at * 1000).toLocaleDateString('en-GB', { dateStyle: 'medium' });
