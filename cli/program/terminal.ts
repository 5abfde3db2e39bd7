/** What a command gets from the process it runs in, and where it prints. */
export type Terminal = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** The root of the checkout that this command belongs to. */
  readonly checkout: string;
  /** A person reads the output, not another program. */
  readonly isInteractive: boolean;
  readonly print: (text: string) => void;
  /** Prints a note that is not part of the output, to stderr. */
  readonly printNote: (text: string) => void;
  /** Asks for a secret, which is not shown, or reads it from what is piped in. */
  readonly readSecret: (prompt: string) => Promise<string>;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
};

// Invisible characters that change how the text around them is shown, for example its direction.
const invisible = '\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff';
const blank = new RegExp(`[\\s\\p{Cc}${invisible}]+`, 'gu');
const control = new RegExp(`(?![\\n\\t])[\\p{Cc}${invisible}]`, 'gu');

/** A text of somebody else as one line that cannot control the terminal. */
export const toSingleLine = (text: string): string => text.replace(blank, ' ').trim();

/**
 * Output that cannot control the terminal: controls, but for line breaks and tabs, and invisible characters are
 * escaped as JSON escapes them. JSON has such characters only inside of strings, so it stays the same JSON.
 */
export const escapeControls = (text: string): string =>
  text.replace(control, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
