/** Keys in the order of their UTF-8 bytes, in which S3 lists them. */
export type SortedKeys = {
  add(key: string): void;
  remove(key: string): void;
  /** The first key that is not before `text`. */
  from(text: string): string | undefined;
  after(key: string): string | undefined;
  /** The first key after all that begin with `prefix`. */
  afterPrefix(prefix: string): string | undefined;
};

export function sortedKeys(initial: Iterable<string> = []): SortedKeys {
  const keys = [...initial].toSorted(compareKeys);
  const firstThat = (isReached: (key: string) => boolean): number => {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isReached(keys[middle] ?? '')) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const indexFrom = (text: string) => firstThat((key) => compareKeys(key, text) >= 0);

  return {
    add: (key) => {
      const index = indexFrom(key);
      if (keys[index] !== key) keys.splice(index, 0, key);
    },
    remove: (key) => {
      const index = indexFrom(key);
      if (keys[index] === key) keys.splice(index, 1);
    },
    from: (text) => keys[indexFrom(text)],
    after: (last) => keys[firstThat((key) => compareKeys(key, last) > 0)],
    afterPrefix: (prefix) =>
      keys[firstThat((key) => compareKeys(key, prefix) > 0 && !key.startsWith(prefix))],
  };
}

/** Compares like the UTF-8 bytes of two texts: UTF-16 has the characters above U+FFFF in another place. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [one, other] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (one !== other) return placeOf(one) - placeOf(other);
  }
  return a.length - b.length;
}

// Surrogates stand for the characters above U+FFFF, so they come behind all others.
const placeOf = (codeUnit: number): number =>
  codeUnit >= 0xd800 && codeUnit < 0xe000 ? codeUnit + 0x10000 : codeUnit;
