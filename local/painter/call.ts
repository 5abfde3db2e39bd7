import { randomUUID } from 'node:crypto';
import { Refusal } from './codes.ts';
import type { Control } from './control.ts';
import type { Jobs } from './jobs.ts';
import type { Links } from './links.ts';

export type Call = {
  readonly method: string;
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  readonly body: string;
};

/** `lost`: the connection ends without a word. */
export type Answer =
  | { readonly kind: 'json'; readonly status: number; readonly body: object }
  | { readonly kind: 'picture'; readonly type: 'image/png' | 'image/jpeg'; readonly bytes: Buffer }
  | { readonly kind: 'lost' };

/** What all routes share. */
export type Studio = {
  readonly jobs: Jobs;
  readonly control: Control;
  readonly links: Links;
  readonly now: () => number;
  readonly counts: Record<'submits' | 'accepted' | 'polls' | 'cancels', number>;
};

/** `id` and `n` are the parts of the path that vary. */
export type Route = (studio: Studio, call: Call, id: string, n: string) => Answer;

export const json = (status: number, body: object): Answer => ({ kind: 'json', status, body });

/** Every answer of the vendor's carries an id of its own. */
export const vendorAnswer = (status: number, body: object): Answer =>
  json(status, { request_id: randomUUID(), ...body });

/** @throws {Refusal} when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal('InvalidParameter', 'The request body is not valid JSON.', { cause });
  }
}
