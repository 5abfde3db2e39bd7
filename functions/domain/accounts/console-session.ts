import * as z from 'zod';
import type { Accounts } from '../model/account.ts';
import { type ApiKey, hashOfKey, keyIdOf } from '../model/api-key.ts';
import { type Act, auditEntry } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import {
  type ConsoleCode,
  type ConsoleCodes,
  codeIdOf,
  codeLifeMs,
  consoleAccount,
  hashOfCode,
  isConsoleCode,
  newConsoleCode,
  sessionIdleMs,
  sessionLifeMs,
} from '../model/console-code.ts';
import { spellDuration } from '../model/duration.ts';
import { newApiKey } from '../model/ids.ts';
import { isLoopbackName } from '../model/loopback.ts';
import { Problem } from '../model/problem.ts';
import { ensureAccount } from './accounts.ts';
import { keyCreated } from './audit-values.ts';
import { operatorOf } from './key-permissions.ts';
import { KeyRequest } from './key-request.ts';

/** The event with which the operator asks for a link, with his AWS credentials. */
export const ConsoleCodeRequest = z.strictObject({
  console: z.strictObject({
    /** The name that the operator gives himself. */
    name: KeyRequest.shape.name,
    reusable: z.literal(true).optional(),
  }),
});
export type ConsoleCodeRequest = z.output<typeof ConsoleCodeRequest>;

export type IssuedCode = { readonly code: string; readonly expires_at: number };

type IssueDeps = {
  readonly accounts: Accounts;
  readonly codes: Pick<ConsoleCodes, 'add'>;
  readonly now: Clock;
  /** Whether a code may be used again: only where loopback addresses are allowed. */
  readonly allowsReuse: boolean;
};

const actorName = 'AWS credentials';

/**
 * Makes a code for a link to the console. It is in this response only.
 * @throws {Error} for a reusable code where loopback addresses are not allowed
 */
export const issueConsoleCode =
  ({ accounts, codes, now, allowsReuse }: IssueDeps) =>
  async (request: ConsoleCodeRequest, requestId: string): Promise<IssuedCode> => {
    const { name, reusable = false } = request.console;
    if (reusable && !allowsReuse)
      throw new Error('a code is reusable only where loopback addresses are allowed');
    const at = now();
    const act: Act = {
      operation: 'issueConsoleCode',
      at,
      actorKeyId: operatorOf(consoleAccount).keyId,
      actorKeyName: actorName,
      requestId,
    };
    await ensureAccount({ accounts, now }, consoleAccount, act);
    const code = newConsoleCode(reusable);
    const expiresAt = at + codeLifeMs;
    await codes.add(
      {
        codeId: codeIdOf(code),
        hash: hashOfCode(code),
        name,
        createdAt: at,
        expiresAt,
        isReusable: reusable || undefined,
      },
      auditEntry(
        act,
        { account: consoleAccount },
        { after: { name, expires_at: inSeconds(expiresAt) } },
      ),
    );
    return { code, expires_at: inSeconds(expiresAt) };
  };

type OpenDeps = {
  readonly codes: Omit<ConsoleCodes, 'add'>;
  readonly now: Clock;
  readonly allowsReuse: boolean;
};

type OpenRequest = {
  readonly code: string;
  /** The header `Host` of the request. */
  readonly host: string | undefined;
  readonly requestId: string;
};

/**
 * Exchanges a code for a session.
 * @throws {Problem} `unauthorized`, always in the same words, when the code was used, has expired or was never made
 */
export const openConsole =
  ({ codes, now, allowsReuse }: OpenDeps) =>
  async ({ code: text, host, requestId }: OpenRequest) => {
    const at = now();
    const code = await findCode(codes, text);
    if (!code || !isAccepted(code, at, allowsReuse && isLoopback(host))) throw refused();
    const act: Act = {
      operation: 'openConsole',
      at,
      actorKeyId: operatorOf(consoleAccount).keyId,
      actorKeyName: code.name,
      requestId,
    };
    const apiKey = newApiKey();
    const session = sessionOf(apiKey, code.name, at);
    const exchanged = await codes.exchange(code, session, keyCreated(act, session));
    if (exchanged === 'used') {
      const after = { refused: 'the code was used before' };
      await codes.recordReuse(code, at, auditEntry(act, { account: consoleAccount }, { after }));
      throw refused();
    }
    return {
      object: 'console_session' as const,
      api_key: apiKey,
      key_id: session.keyId,
      expires_at: inSeconds(at + sessionLifeMs),
      idle_seconds: sessionIdleMs / 1000,
    };
  };

/**
 * Whether the code may be exchanged. A used code goes to the store all the same, which rejects it: then the reuse is
 * recorded.
 */
function isAccepted(code: ConsoleCode, at: number, mayReuse: boolean): boolean {
  if (code.isReusable) return mayReuse;
  return code.usedAt !== undefined || code.expiresAt > at;
}

async function findCode(
  codes: Pick<ConsoleCodes, 'find'>,
  text: string,
): Promise<ConsoleCode | undefined> {
  if (!isConsoleCode(text)) return undefined;
  const code = await codes.find(codeIdOf(text));
  return code?.hash === hashOfCode(text) ? code : undefined;
}

/** The API key of a session: it is the operator's, and ends by itself. */
function sessionOf(apiKey: string, name: string, at: number): ApiKey {
  const hash = hashOfKey(apiKey);
  return {
    keyId: keyIdOf(hash),
    hash,
    lastFour: apiKey.slice(-4),
    account: consoleAccount,
    name,
    isSession: true,
    scopes: ['admin'],
    enabled: true,
    createdAt: at,
    expiresAt: at + sessionLifeMs,
    timeZone: 'UTC',
  };
}

const inSeconds = (ms: number): number => Math.floor(ms / 1000);

const refused = (): Problem =>
  new Problem(
    'unauthorized',
    `This link does not work: it was used, or is older than ${spellDuration(codeLifeMs)}. Make a new one with \`npm run keys -- console\`.`,
  );

/** Whether a request was sent to a loopback name, and not to another name that leads to this machine. */
const isLoopback = (host: string | undefined): boolean =>
  isLoopbackName((host ?? '').replace(/:\d+$/, ''));
