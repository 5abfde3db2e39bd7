import { setTimeout } from 'node:timers/promises';
import { until } from '../open-world.ts';
import type { Suspect } from './audit.ts';
import type { FaultWorld } from './fault-world.ts';
import { type Path, wishes } from './paths.ts';

let walks = 0;

/** Sends one task along a path; `order` hears its id before its workflow begins. */
export async function walk(
  world: FaultWorld,
  path: Path,
  order?: (taskId: string) => void,
): Promise<Suspect> {
  walks += 1;
  const { prompt, size } = wishes(`${path.name}, number ${walks}`);
  const callback_url = `${world.caller.url}/`;
  const created = await world.begin({ prompt, size, callback_url, ...path.request(world) }, order);
  await path.afterwards?.(world, created);
  return { id: created.id, prompt };
}

/** Waits until the task's workflow has come to an end, or for some seconds when there is none. */
export async function workedOn({ news }: FaultWorld, taskId: string): Promise<void> {
  await Promise.race([news.when(taskId, () => true), setTimeout(1500)]);
  await until(() => !news.runs(taskId), Boolean);
}

/** Does something with every item, with so many at a time, in their order. */
export async function some<T, R>(
  atOnce: number,
  items: readonly T[],
  act: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const done: R[] = [];
  const left = items.entries();
  const work = async () => {
    for (const [index, item] of left) done[index] = await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return done;
}
