import { randomBytes, randomInt } from 'node:crypto';

const base36 = '0123456789abcdefghijklmnopqrstuvwxyz';
const base62 = `${base36}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
const random = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

/** A task id in the published shape: `task-unified-<unix seconds>-<8 of [a-z0-9]>`. */
export const newTaskId = (nowMs: number): string =>
  `task-unified-${Math.floor(nowMs / 1000)}-${random(base36, 8)}`;

export const isTaskId = (text: string): boolean => /^task-unified-\d{1,12}-[a-z0-9]{8}$/.test(text);

export const newFileId = (): string => `file-${random(base36, 26)}`;
export const isFileId = (text: string): boolean => /^file-[a-z0-9]{26}$/.test(text);

export const isKeyId = (text: string): boolean => /^key-[0-9a-f]{16}$/.test(text);

/** An API key: 43 base62 characters carry 256 bits, so a plain hash of it is safe to store. */
export const newApiKey = (): string => `sk-dr-${random(base62, 43)}`;

export const isApiKey = (text: string): boolean => /^sk-dr-[A-Za-z0-9]{43}$/.test(text);

/** A signing secret in the form of the Standard Webhooks specification (24 to 64 bytes). */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
