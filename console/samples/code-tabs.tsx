import { useState } from 'react';
import { Copy } from '../parts/copy.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { Code } from './code.tsx';
import { languages, type SampleInput, sampleIn } from './samples.ts';

/** The request of the form as code, in the language that was chosen last. */
export function CodeTabs({ input }: { readonly input: SampleInput }) {
  const [language, choose] = useState<(typeof languages)[number]>('curl');
  const code = sampleIn(language, input);
  return (
    <section className="code-tabs" aria-label="This request as code">
      <Tabs label="Language" options={languages} chosen={language} onChoose={choose}>
        <Code language={language} code={code} />
      </Tabs>
      <Copy text={code} label="Copy code" />
    </section>
  );
}
