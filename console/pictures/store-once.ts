type Stored = { readonly url: string /** In seconds. */; readonly expires_at: number };

/**
 * Stores a picture once: the same picture gets the same address again, so that a repeated request is the same request. An
 * address that has expired, or nearly, is replaced, but only where the caller allows it.
 */
export function storeOnce<Picture extends object>(
  store: (picture: Picture) => Promise<Stored>,
  now: () => number = Date.now,
) {
  const storedPictures = new WeakMap<Picture, Promise<Stored>>();
  const storeNow = (picture: Picture): Promise<Stored> => {
    const storing = store(picture);
    storedPictures.set(picture, storing);
    // The caller gets the failure below. The next try stores the picture again.
    storing.catch(() => storedPictures.delete(picture));
    return storing;
  };
  return async (picture: Picture, mayReplace: boolean): Promise<string> => {
    const known = await (storedPictures.get(picture) ?? storeNow(picture));
    const isLate = now() > (known.expires_at - spareSeconds) * 1000;
    return isLate && mayReplace ? (await storeNow(picture)).url : known.url;
  };
}

/** A task that is created shortly before the address expires would not find the picture. */
const spareSeconds = 60;
