/** The highest seed (maxSeed of the API). */
export const maxSeed = 2_147_483_647;

export function randomSeed(): number {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number % (maxSeed + 1);
}
