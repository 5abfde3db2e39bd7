import type { Callbacks } from './callbacks.ts';
import { Refusal } from './codes.ts';
import type { Control } from './control.ts';
import type { Fate, Jobs } from './jobs.ts';
import type { Links } from './links.ts';

export type Call = {
  readonly method: string;
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  readonly body: string;
};

/** `lost`: the connection ends without a word. */
export type Answer =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: object;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'picture'; readonly type: 'image/png' | 'image/jpeg'; readonly bytes: Buffer }
  | { readonly kind: 'lost' };

/** What all routes share. */
export type Studio = {
  readonly jobs: Jobs;
  readonly control: Control;
  readonly links: Links;
  readonly callbacks: Callbacks;
  readonly now: () => number;
  readonly counts: Record<'submits' | 'accepted' | 'polls' | 'cancels', number>;
};

/** `id` and `n` are the parts of the path that vary. */
export type Route = (studio: Studio, call: Call, id: string, n: string) => Answer;

/** One provider's way to be spoken to. */
export type Protocol = {
  readonly routes: readonly (readonly [method: string, path: RegExp, route: Route])[];
  /** A clear no, in its words. */
  refuse(refusal: Refusal): Answer;
};

export const json = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({ kind: 'json', status, body, headers });

/** The key of a call. @throws {Refusal} when there is none */
export function identify(call: Call, scheme: 'Bearer' | 'Key'): void {
  const [said, key = '', ...more] = (call.header('authorization') ?? '').split(' ');
  if (said !== scheme || key === '' || more.length > 0) throw new Refusal('InvalidApiKey');
}

/** What becomes of an order that was understood, by the settings. @throws {Refusal} */
export function admit({ control }: Pick<Studio, 'control'>): { isLost: boolean; fate: Fate } {
  const { code } = control.settings();
  const behaviour = control.take('submit');
  if (behaviour === 'busy') throw new Refusal('Throttling.RateQuota');
  if (behaviour === 'refused') throw new Refusal(code ?? 'DataInspectionFailed');
  return {
    isLost: behaviour === 'lost',
    fate: { seconds: control.takeSeconds(), code, outcome: control.take('outcome') },
  };
}

/** @throws {Refusal} when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal('InvalidParameter', 'The request body is not valid JSON.', { cause });
  }
}
