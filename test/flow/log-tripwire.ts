import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

type Kind =
  | 'an API key'
  | 'a webhook secret'
  | 'a presigned request'
  | 'a signature of a link'
  | 'a task token'
  | 'a prompt'
  | 'metadata'
  | 'a query of an address'
  | 'a secret';

/** What gives itself away by its looks. */
const looks: readonly (readonly [Kind, RegExp])[] = [
  ['an API key', /sk-dr-[A-Za-z0-9]{8}/],
  ['a webhook secret', /whsec_[A-Za-z0-9+/=]{8}/],
  // The policy of an upload form is {"expiration":… in Base64.
  [
    'a presigned request',
    /x-amz-(signature|credential|security-token)|eyJleHBpcmF0aW9u|"policy"|[?&]policy=/i,
  ],
  ['a signature of a link', /[?&](amp;)?signature=/i],
  ['a task token', /(?<![\w-])[\w-]{128}(?![\w-])/],
];

/** Shorter ones stand in ordinary lines, too. */
const leastLetters = 6;

/** Knows what must never stand in a log, and finds it there. */
export function logTripwire() {
  const known = new Map<string, Kind>();
  const add = (kind: Kind, text: unknown): void => {
    if (typeof text !== 'string' || text.trim().length < leastLetters) return;
    known.set(text, kind);
    known.set(JSON.stringify(text).slice(1, -1), kind); // as it stands inside of JSON
  };
  const kindsIn = (line: string): ReadonlySet<Kind> =>
    new Set([
      ...looks.filter(([, look]) => look.test(line)).map(([kind]) => kind),
      ...[...known].filter(([text]) => line.includes(text)).map(([, kind]) => kind),
    ]);
  return {
    add,
    /** What a request says that is nobody's business but its caller's and the provider's. */
    hear(body: unknown): void {
      const said = Said.safeParse(typeof body === 'string' ? read(body) : body);
      if (!said.success) return;
      const { prompt, negative_prompt, metadata, image_urls, callback_url } = said.data;
      for (const text of [prompt, negative_prompt]) add('a prompt', text);
      for (const text of Object.values(metadata)) add('metadata', text);
      for (const url of [...image_urls, callback_url]) add('a query of an address', queryOf(url));
    },
    /** The signatures in an answer, which may get around without their address. */
    answered(text: string): void {
      for (const [, signature] of text.matchAll(/[?&]signature=([\w-]+)/g)) {
        add('a signature of a link', signature);
      }
    },
    /** What the line says that it must not, in words that do not repeat it. */
    complaint(source: string, line: string): string | undefined {
      const kinds = [...kindsIn(line)];
      if (kinds.length === 0) return undefined;
      return `${source} printed ${kinds.join(' and ')} in ${eventOf(line)}`;
    },
  };
}

export type LogTripwire = ReturnType<typeof logTripwire>;

/**
 * Looks at every line that was printed in a world.
 * @throws {Error} naming events and kinds, never what was found
 */
export function checkLogs(tripwire: LogTripwire, dataDir: string): void {
  const parts = (place: string) => readdirSync(join(dataDir, place));
  for (const file of parts('secrets')) {
    const { versions } = Secret.parse(read(readFileSync(join(dataDir, 'secrets', file), 'utf8')));
    for (const { secretString } of versions) addSecret(tripwire, secretString);
  }
  const complaints = parts('logs').flatMap((file) =>
    readFileSync(join(dataDir, 'logs', file), 'utf8')
      .split('\n')
      .flatMap((line) => tripwire.complaint(file.replace(/\.log$/, ''), line) ?? []),
  );
  if (complaints.length === 0) return;
  throw new Error(`The log tells secrets:\n${[...new Set(complaints)].join('\n')}`);
}

function addSecret({ add }: LogTripwire, text: string): void {
  add('a secret', text);
  const keys = z.record(z.string(), z.string()).safeParse(read(text));
  for (const key of Object.values(keys.data ?? {})) add('a secret', key);
}

// The requests of tests are wrong in every way, so each field is read by itself.
const text = z.string().catch('');
const Said = z.object({
  prompt: text,
  negative_prompt: text,
  metadata: z.record(z.string(), z.unknown()).catch({}),
  image_urls: z.array(text).catch([]),
  callback_url: text,
});
const Secret = z.object({ versions: z.array(z.object({ secretString: z.string() })) });
const Line = z.object({ message: z.string().regex(/^[a-z]+\.[a-z_]+$|^[A-Z][a-z ]{1,30}$/i) });

const queryOf = (url: string): string | undefined => /\?.+/.exec(url)?.[0];

// Only what looks like an event is repeated: a message may be what leaks.
function eventOf(line: string): string {
  const parsed = Line.safeParse(read(line));
  return parsed.success ? `"${parsed.data.message}"` : 'a line without an event';
}

function read(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
