/** One check of a receiver, and its result here. */
export type Check = { readonly name: string; readonly isRight: boolean; readonly note: string };

type Pasted = { readonly headers: string; readonly body: string; readonly secret: string };

/** How old an event may be for most receivers. */
const toleranceSeconds = 300;

/**
 * Checks a callback as a receiver does (Standard Webhooks), one thing after the other, and says which is wrong. The
 * secret does not leave the page.
 * @param now in unix seconds
 */
export async function verify({ headers, body, secret }: Pasted, now: number) {
  const sent = parseHeaders(headers);
  const id = sent.get('webhook-id');
  const timestamp = sent.get('webhook-timestamp');
  const signature = sent.get('webhook-signature');
  const key = keyOf(secret);
  const checks: Check[] = [
    check('webhook-id', id !== undefined, 'is there', 'is missing among the headers'),
    checkOfTime(timestamp, now),
    check(
      'webhook-signature',
      /(^| )v1,\S+/.test(signature ?? ''),
      'has the form v1,…',
      signature === undefined ? 'is missing among the headers' : 'has no part like v1,…',
    ),
    check('secret', key !== undefined, 'has the form whsec_…', 'must be whsec_ and Base64'),
  ];
  if (id === undefined || timestamp === undefined || signature === undefined || !key) return checks;
  if (!('subtle' in crypto)) {
    const note = 'can be checked by a page with https or on this machine only';
    return [...checks, { name: 'signature', isRight: false, note }];
  }
  checks.push(await checkOfSignature(key, `${id}.${timestamp}.`, body, signature));
  return checks;
}

const check = (name: string, isRight: boolean, right: string, wrong: string): Check => ({
  name,
  isRight,
  note: isRight ? right : wrong,
});

function checkOfTime(timestamp: string | undefined, now: number): Check {
  const name = 'webhook-timestamp';
  if (timestamp === undefined)
    return { name, isRight: false, note: 'is missing among the headers' };
  if (!/^\d{9,11}$/.test(timestamp))
    return { name, isRight: false, note: 'is no unix time in seconds' };
  const age = Math.round(now - Number(timestamp));
  return check(
    name,
    Math.abs(age) <= toleranceSeconds,
    `is ${age} s old`,
    `is ${age} s old: receivers refuse more than ${toleranceSeconds} s. That is right for an older event`,
  );
}

async function checkOfSignature(
  key: CryptoKeyBytes,
  prefix: string,
  body: string,
  signature: string,
): Promise<Check> {
  const name = 'signature';
  const matches = async (text: string) => {
    const expected = await sign(key, prefix + text);
    return signature.split(' ').includes(`v1,${expected}`);
  };
  if (await matches(body)) return { name, isRight: true, note: 'is that of this body and secret' };
  if (await matches(body.trimEnd())) {
    return { name, isRight: false, note: 'fits without the line break at the end of the body' };
  }
  const compact = compactJson(body);
  if (compact !== undefined && (await matches(compact))) {
    return {
      name,
      isRight: false,
      note: 'fits the compact JSON: something has formatted the body. Verify the bytes that arrived, before they are parsed',
    };
  }
  return {
    name,
    isRight: false,
    note: 'does not fit: another secret, or the body is not byte for byte what arrived',
  };
}

type CryptoKeyBytes = Uint8Array<ArrayBuffer>;

async function sign(key: CryptoKeyBytes, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  const bytes = await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function keyOf(secret: string): CryptoKeyBytes | undefined {
  const [, base64] = /^whsec_([\w+/]+=*)$/.exec(secret.trim()) ?? [];
  if (base64 === undefined) return undefined;
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function parseHeaders(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').flatMap((line) => {
    const [, name, value] = /^\s*"?([\w-]+)"?\s*:\s*"?(.*?)"?,?\s*$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value] as const];
  });
  return new Map(lines);
}

function compactJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}
