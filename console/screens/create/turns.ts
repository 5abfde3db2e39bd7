/** Counts what is put into each place, so that a late picture can see that its place has been taken since. */
export function turnsOf() {
  const counts: number[] = [];
  return {
    /** Takes the place. @returns whether nothing has taken it since */
    take(place: number): () => boolean {
      const mine = (counts[place] ?? 0) + 1;
      counts[place] = mine;
      return () => counts[place] === mine;
    },
    takeAll(): void {
      for (const place of counts.keys()) counts[place] = (counts[place] ?? 0) + 1;
    },
  };
}
