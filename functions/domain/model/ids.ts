import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Mode } from './mode.ts';

const base36 = '0123456789abcdefghijklmnopqrstuvwxyz';
const base62 = `${base36}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
const random = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

/** How every API key begins, and how that of test mode does. */
const keyPrefix = 'sk-dr-';
export const testKeyPrefix = `${keyPrefix}test-`;

/** How many hexadecimal digits of a key's hash are its id. */
export const keyIdDigits = 16;

/** The form of every id and name that callers send or receive. */
export const patterns = {
  taskId: /^task-unified-\d{1,12}-[a-z0-9]{8}$/,
  /** The id in a test event: never that of a task. */
  testTaskId: /^task-test-\d{1,12}-[a-z0-9]{8}$/,
  fileId: /^file-[a-z0-9]{26}$/,
  hostedFileId: /^file_[a-z0-9]{26}$/,
  keyId: new RegExp(`^key-[0-9a-f]{${keyIdDigits}}$`),
  /** Also the name of a group of users. */
  account: /^[a-z0-9][a-z0-9-]{0,62}$/,
  /** A key of test mode has `test-` in it. */
  apiKey: new RegExp(`^${keyPrefix}(test-)?[A-Za-z0-9]{43}$`),
  webhookSecret: /^whsec_[A-Za-z0-9+/]{43}=$/,
  /** An entry of a ledger: its time in milliseconds, and what tells it from others of that time. */
  entryId: /^\d{13}-[a-z0-9-]{1,60}$/,
  auditId: /^audit-[0-9a-f-]{36}$/,
  /** What a caller may send as `Idempotency-Key`. */
  idempotencyKey: /^[!-~](?:[ -~]{0,253}[!-~])?$/,
  /** The token of a place to wait in: the number of the place, and a random part for its holder. */
  waitingPlace: /^\d{1,4}-[0-9a-f-]{36}$/,
} as const;

/** The form of an idempotency key, in words. */
export const idempotencyKeyRule = '1 to 255 printable characters of ASCII';

/** A task id in the published shape: `task-unified-<unix seconds>-<8 of [a-z0-9]>`. */
export const newTaskId = (nowMs: number): string =>
  `task-unified-${Math.floor(nowMs / 1000)}-${random(base36, 8)}`;

/** An id for a test event. No task has such an id, and every route about tasks refuses it. */
export const newTestTaskId = (nowMs: number): string =>
  `task-test-${Math.floor(nowMs / 1000)}-${random(base36, 8)}`;

export const isTaskId = (text: string): boolean => patterns.taskId.test(text);

export const newFileId = (): string => `file-${random(base36, 26)}`;
export const isFileId = (text: string): boolean => patterns.fileId.test(text);

/**
 * The id of a hosted file: the same for the same name in the same path of the same account, so that a new file replaces
 * the old one of that name. No part contains the separator.
 */
export function hostedFileId(account: string, path: string, name: string): string {
  const digest = createHash('sha256').update([account, path, name].join('\n')).digest('hex');
  return `file_${BigInt(`0x${digest}`).toString(36).padStart(50, '0').slice(-26)}`;
}
export const isHostedFileId = (text: string): boolean => patterns.hostedFileId.test(text);
/** The id of one upload of a hosted file. It is also the name of a file that was given none. */
export const newUploadId = (): string => random(base36, 20);

export const isKeyId = (text: string): boolean => patterns.keyId.test(text);

/** An API key: 43 base62 characters carry 256 bits, so a plain hash of it is safe to store. */
export const newApiKey = (mode: Mode = 'live'): string =>
  `${mode === 'test' ? testKeyPrefix : keyPrefix}${random(base62, 43)}`;

export const isApiKey = (text: string): boolean => patterns.apiKey.test(text);
export const isTestKey = (text: string): boolean =>
  isApiKey(text) && text.startsWith(testKeyPrefix);

/** A signing secret in the form of the Standard Webhooks specification (24 to 64 bytes). */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** The most that one page of a list may have. */
export const maxPageSize = 100;

/** A position in a list that is ordered by time: the next page starts after this item. */
export type CursorKey = { readonly id: string; readonly createdAt: number };

/** Who has done an act: an API key by its id, or `operator` for the function that issues keys. */
export const actorPattern = `${patterns.keyId.source}|^operator$`;
