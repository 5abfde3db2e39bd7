import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesise } from '../local/synthesise.ts';
import { openWorld, type World } from '../test/flow/open-world.ts';
import { type Design, histories } from './design.ts';
import { paintOnce } from './paint-once.ts';

/** What the laptop's painter takes usually, and what the bench's does. */
const usual = { laptop: '"USUAL_SECONDS": "8"', bench: '"USUAL_SECONDS": "30"' };

/** Synthesises our stack for a provider that takes as long as the bench's. */
export async function synthesiseOurs(outdir: string): Promise<void> {
  await synthesise(outdir);
  for (const name of readdirSync(outdir).filter((file) => file.endsWith('.template.json'))) {
    const template = readFileSync(join(outdir, name), 'utf8');
    writeFileSync(join(outdir, name), template.replaceAll(usual.laptop, usual.bench));
  }
}

export type Ours = Design & { readonly world: World };

/** Our own stack on the laptop; EvoLink calls when it is done, and DashScope has to be asked. */
export async function openOurs(
  outdir: string,
  speed: number,
  provider: 'dashscope' | 'evolink',
): Promise<Ours> {
  const { hear, historyOf } = histories();
  const parameters = { Providers: provider };
  const world = await openWorld({
    outdir,
    speed,
    parameters,
    paint: paintOnce(),
    onTransition: hear,
  });
  return {
    ...{ world, painter: world.painter, historyOf, close: world.close },
    async start({ name, image, callbackUrl }) {
      const { status, body } = await world.create({
        ...{ prompt: name, image_urls: [image], callback_url: callbackUrl, size: '768x768' },
      });
      if (status !== 200) throw new Error(`The task was refused: ${JSON.stringify(body)}`);
      return String(body.id);
    },
  };
}
