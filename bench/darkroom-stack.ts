import { openStack, type TestStack } from '../test/flow/open-stack.ts';
import { type Design, recordHistories } from './design.ts';
import { providerSeconds } from './durations.ts';
import { generateOnce } from './generate-once.ts';

export type DarkroomDesign = Design & { readonly stack: TestStack };

type DarkroomOptions = {
  /** Further parameters of the template. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly limits?: Parameters<typeof openStack>[0]['limits'];
};

/** Starts Darkroom on the local stack. EvoLink sends a webhook when a job is done; DashScope must be polled. */
export async function openDarkroom(
  outdir: string,
  speed: number,
  provider: 'dashscope' | 'evolink',
  { parameters: more, limits }: DarkroomOptions = {},
): Promise<DarkroomDesign> {
  const { record, historyOf } = recordHistories();
  const parameters = {
    Providers: provider,
    TypicalSeconds: String(providerSeconds.median),
    ...more,
  };
  const stack = await openStack({
    outdir,
    speed,
    parameters,
    generateImages: generateOnce(),
    onTransition: record,
    ...(limits && { limits }),
  });
  return {
    stack,
    mockProvider: stack.mockProvider,
    historyOf,
    close: stack.close,
    async start({ name, image, callbackUrl }) {
      const { status, body } = await stack.create({
        prompt: name,
        image_urls: [image],
        callback_url: callbackUrl,
        size: '768x768',
      });
      if (status !== 200) throw new Error(`The task was refused: ${JSON.stringify(body)}`);
      return String(body.id);
    },
  };
}
