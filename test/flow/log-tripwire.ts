import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

type SecretKind =
  | 'an API key'
  | 'a webhook secret'
  | 'a presigned request'
  | 'a signature of a link'
  | 'a task token'
  | 'a prompt'
  | 'metadata'
  | 'the query of a URL'
  | 'a secret';

/** Secrets that a pattern can recognise. */
const patterns: readonly (readonly [SecretKind, RegExp])[] = [
  ['an API key', /sk-dr-(test-)?[A-Za-z0-9]{8}/],
  ['a webhook secret', /whsec_[A-Za-z0-9+/=]{8}/],
  // The policy of an upload form is {"expiration":… in Base64.
  [
    'a presigned request',
    /x-amz-(signature|credential|security-token)|eyJleHBpcmF0aW9u|"policy"|[?&]policy=/i,
  ],
  ['a signature of a link', /[?&](amp;)?signature=/i],
  ['a task token', /(?<![\w-])[\w-]{128}(?![\w-])/],
];

/** Shorter strings also occur in harmless lines. */
const minLength = 6;

/** Collects the secrets that must never be in a log, and finds them in its lines. */
export function logTripwire() {
  const known = new Map<string, SecretKind>();
  const add = (kind: SecretKind, text: unknown): void => {
    if (typeof text !== 'string' || text.trim().length < minLength) return;
    known.set(text, kind);
    known.set(JSON.stringify(text).slice(1, -1), kind); // as it stands inside of JSON
  };
  const kindsIn = (line: string): ReadonlySet<SecretKind> =>
    new Set([
      ...patterns.filter(([, pattern]) => pattern.test(line)).map(([kind]) => kind),
      ...[...known].filter(([text]) => line.includes(text)).map(([, kind]) => kind),
    ]);
  return {
    add,
    /** Collects the fields of a request that only its caller and the provider may read. */
    addRequest(body: unknown): void {
      const fields = RequestFields.safeParse(typeof body === 'string' ? parseJson(body) : body);
      if (!fields.success) return;
      const { prompt, negative_prompt, metadata, image_urls, callback_url } = fields.data;
      for (const text of [prompt, negative_prompt]) add('a prompt', text);
      for (const text of Object.values(metadata)) add('metadata', text);
      for (const url of [...image_urls, callback_url]) add('the query of a URL', queryOf(url));
    },
    /** Collects the signatures of links in a response: a log may hold one without its URL. */
    addResponse(text: string): void {
      for (const [, signature] of text.matchAll(/[?&]signature=([\w-]+)/g)) {
        add('a signature of a link', signature);
      }
    },
    /** Names the kinds of secrets in a line, without repeating them; `undefined` when there are none. */
    problemIn(source: string, line: string): string | undefined {
      const kinds = [...kindsIn(line)];
      if (kinds.length === 0) return undefined;
      return `${source} printed ${kinds.join(' and ')} in ${eventOf(line)}`;
    },
  };
}

export type LogTripwire = ReturnType<typeof logTripwire>;

/**
 * Checks every line that the functions of a stack have logged.
 * @throws {Error} which names log events and kinds of secrets, never the secrets
 */
export function checkLogs(tripwire: LogTripwire, dataDir: string): void {
  const filesIn = (directory: string) => readdirSync(join(dataDir, directory));
  for (const file of filesIn('secrets')) {
    const { versions } = Secret.parse(
      parseJson(readFileSync(join(dataDir, 'secrets', file), 'utf8')),
    );
    for (const { secretString } of versions) addSecret(tripwire, secretString);
  }
  const problems = filesIn('logs').flatMap((file) =>
    readFileSync(join(dataDir, 'logs', file), 'utf8')
      .split('\n')
      .flatMap((line) => tripwire.problemIn(file.replace(/\.log$/, ''), line) ?? []),
  );
  if (problems.length === 0) return;
  throw new Error(`The logs contain secrets:\n${[...new Set(problems)].join('\n')}`);
}

function addSecret({ add }: LogTripwire, text: string): void {
  add('a secret', text);
  const keys = z.record(z.string(), z.string()).safeParse(parseJson(text));
  for (const key of Object.values(keys.data ?? {})) add('a secret', key);
}

// Tests send malformed requests on purpose, so every field is parsed on its own.
const text = z.string().catch('');
const RequestFields = z.object({
  prompt: text,
  negative_prompt: text,
  metadata: z.record(z.string(), z.unknown()).catch({}),
  image_urls: z.array(text).catch([]),
  callback_url: text,
});
const Secret = z.object({ versions: z.array(z.object({ secretString: z.string() })) });
const LogLine = z.object({ message: z.string().regex(/^[a-z]+\.[a-z_]+$|^[A-Z][a-z ]{1,30}$/i) });

const queryOf = (url: string): string | undefined => /\?.+/.exec(url)?.[0];

// The message of a line may be the leak itself, so it is quoted only when it looks like an event name.
function eventOf(line: string): string {
  const parsed = LogLine.safeParse(parseJson(line));
  return parsed.success ? `"${parsed.data.message}"` : 'a line without an event';
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
