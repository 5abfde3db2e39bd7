import type { WaitingPlaces } from '../../functions/domain/tasks/wait-for-task.ts';

type Lease = { readonly token: string; readonly until: number; readonly isTakenUp: boolean };

/** The places for requests that wait, in memory. */
export function memoryPlaces(): WaitingPlaces {
  const leases = new Map<number, Lease>();
  let tokens = 0;
  const placeHeldBy = (token: string) =>
    [...leases].find(([, lease]) => lease.token === token) ?? [];
  return {
    lease: async (places, now, leasedUntil) => {
      const free = places.find((place) => (leases.get(place)?.until ?? now) <= now);
      if (free === undefined) return undefined;
      tokens += 1;
      const token = `${free}-${tokens}`;
      leases.set(free, { token, until: leasedUntil, isTakenUp: false });
      return token;
    },
    takeUp: async (token, now, leasedUntil) => {
      const [place, lease] = placeHeldBy(token);
      if (place === undefined || !lease || lease.until <= now || lease.isTakenUp) return false;
      leases.set(place, { token, until: leasedUntil, isTakenUp: true });
      return true;
    },
    free: async (token) => {
      const [place] = placeHeldBy(token);
      if (place !== undefined) leases.delete(place);
    },
  };
}
