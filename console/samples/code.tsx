import type { Language } from './samples.ts';
import { tokensOf } from './tokens.ts';

/** Code with its colours. */
export function Code({ language, code }: { readonly language: Language; readonly code: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so the keyboard has to reach it
    <pre className="code" tabIndex={0}>
      <code>
        {tokensOf(language, code).map(({ kind, text }, index) => (
          <span key={index} className={`token-${kind}`}>
            {text}
          </span>
        ))}
      </code>
    </pre>
  );
}
