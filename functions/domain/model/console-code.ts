import { createHash, randomBytes } from 'node:crypto';
import type { ApiKey } from './api-key.ts';
import type { AuditEntry } from './audit.ts';
import { hourMs, minuteMs } from './duration.ts';

// The operator signs in to the console with a link that has a code in it. The code is exchanged once, for a session: an API
// key of its own kind, which ends by itself. Only the hash of the code is stored, as with a key.

/** How long a code can be exchanged. */
export const codeLifeMs = 10 * minuteMs;
/** How long a session lasts, and how long it may be idle. */
export const sessionLifeMs = 8 * hourMs;
export const sessionIdleMs = 30 * minuteMs;

/** The account that the keys of all sessions belong to. It has no credits: nobody creates a task with a session. */
export const consoleAccount = 'operator';

export type ConsoleCode = {
  readonly codeId: string;
  readonly hash: string;
  /** The name that the operator gave himself. The session has it too. */
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Only where loopback addresses are allowed: it can be exchanged again and again, on this machine. */
  readonly isReusable?: true | undefined;
  /** When it was exchanged. */
  readonly usedAt?: number | undefined;
};

/** The store of codes. Each write has its audit entry in the same transaction. */
export type ConsoleCodes = {
  /** Adds a code. A reusable code replaces the one before. */
  add(code: ConsoleCode, entry: AuditEntry): Promise<void>;
  find(codeId: string): Promise<ConsoleCode | undefined>;
  /** Writes the session and marks the code as used. If the code was used before, nothing is written. */
  exchange(code: ConsoleCode, session: ApiKey, entry: AuditEntry): Promise<'opened' | 'used'>;
  /** Writes once that a code was sent again after it had been used. */
  recordReuse(code: ConsoleCode, at: number, entry: AuditEntry): Promise<void>;
};

const prefixes = { once: 'once-', reusable: 'reusable-' };

/** A code that nobody can guess: 256 bits. */
export const newConsoleCode = (isReusable: boolean): string =>
  `${isReusable ? prefixes.reusable : prefixes.once}${randomBytes(32).toString('base64url')}`;

export const isConsoleCode = (text: string): boolean =>
  /^(once|reusable)-[A-Za-z0-9_-]{43}$/.test(text);

export const hashOfCode = (code: string): string => createHash('sha256').update(code).digest('hex');

/** There is only one reusable code: the newest. */
export const codeIdOf = (code: string): string =>
  code.startsWith(prefixes.reusable) ? 'code-reusable' : `code-${hashOfCode(code).slice(0, 16)}`;
