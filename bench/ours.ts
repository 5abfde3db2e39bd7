import { openWorld, type World } from '../test/flow/open-world.ts';
import { type Design, histories } from './design.ts';
import { usual } from './durations.ts';
import { paintOnce } from './paint-once.ts';

export type Ours = Design & { readonly world: World };

/** Our own stack on the laptop; EvoLink calls when it is done, and DashScope has to be asked. */
export async function openOurs(
  outdir: string,
  speed: number,
  provider: 'dashscope' | 'evolink',
): Promise<Ours> {
  const { hear, historyOf } = histories();
  const parameters = { Providers: provider, UsualSeconds: String(usual.median) };
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
