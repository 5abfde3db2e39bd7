import { useState } from 'react';
import { Copy } from '../parts/copy.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { languages, type SampleInput, sampleIn } from './samples.ts';
import { tokensOf } from './tokens.ts';

/** The request of the form as code, in the language that was chosen last. */
export function CodeTabs({ input }: { readonly input: SampleInput }) {
  const [language, choose] = useState<(typeof languages)[number]>('curl');
  const code = sampleIn(language, input);
  return (
    <section className="code-tabs" aria-label="This request as code">
      <Tabs label="Language" options={languages} chosen={language} onChoose={choose}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so the keyboard has to reach it */}
        <pre className="code" tabIndex={0}>
          <code>
            {tokensOf(language, code).map(({ kind, text }, index) => (
              <span key={index} className={`token-${kind}`}>
                {text}
              </span>
            ))}
          </code>
        </pre>
      </Tabs>
      <Copy text={code} label="Copy code" />
    </section>
  );
}
