import { useSyncExternalStore } from 'react';
import type { Model, Task } from '../../api/queries.ts';
import type { Limits } from '../../pictures/inspect.ts';
import { fetchPicture, type Picture, pictureFrom } from '../../pictures/picture.ts';
import type { Background } from '../../pictures/repair.ts';
import { type Draft, emptyDraft, fieldsOf } from './fields.ts';
import { limitsOf, modelNamed, nameToSend } from './models.ts';
import { placesOf } from './places.ts';
import { turnsOf } from './turns.ts';

export type Slot = {
  readonly picture?: Picture | undefined;
  /** Why the last file cannot be used here. */
  readonly error?: string | undefined;
  /** A picture whose repair was undone. It is not sent, and can still be repaired. */
  readonly unrepaired?: Extract<Picture, { kind: 'file' }> | undefined;
  readonly isBusy?: boolean;
};

/** Whether the slot has something that cannot be sent. */
export const isRefused = ({ error, unrepaired }: Slot): boolean =>
  error !== undefined || unrepaired !== undefined;

/**
 * The form of Create. It outlives the screen, so that no input is lost when another screen is opened. How many slots there
 * are depends on the model: one that is not here is empty.
 */
type State = { readonly draft: Draft; readonly slots: readonly Slot[] };

const storageName = 'darkroom.draft';
const listeners = new Set<() => void>();
let state: State = { draft: { ...emptyDraft, ...stored() }, slots: [] };

/** The texts of the form are in this tab's storage. Its pictures would be too large for that. */
function stored(): Partial<Draft> {
  try {
    const parsed: unknown = JSON.parse(sessionStorage.getItem(storageName) ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return {};
    const known = Object.entries(parsed).filter(
      ([name, value]) => typeof value === typeof Reflect.get(emptyDraft, name),
    );
    return Object.fromEntries(known);
  } catch {
    return {};
  }
}

function update(next: State): void {
  state = next;
  sessionStorage.setItem(storageName, JSON.stringify(next.draft));
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useForm = (): State => useSyncExternalStore(subscribe, () => state);

export const changeDraft = (changes: Partial<Draft>): void =>
  update({ ...state, draft: { ...state.draft, ...changes } });

// Reading a picture takes a moment. Another picture or a sign-out may come before it has been read.
const turns = turnsOf();

/** For a shared computer: the next user must not find the draft. */
export function forgetDraft(): void {
  turns.takeAll();
  state.slots.forEach(release);
  update({ draft: emptyDraft, slots: [] });
}

function release({ picture, unrepaired }: Slot): void {
  if (picture?.kind === 'file') URL.revokeObjectURL(picture.objectUrl);
  if (unrepaired) URL.revokeObjectURL(unrepaired.objectUrl);
}

/** Changes the background of the transparent parts. Meanwhile the picture stays in its slot. */
export async function changeBackground(
  index: number,
  background: Background,
  limits: Limits,
): Promise<void> {
  const picture = state.slots[index]?.picture;
  if (picture?.kind !== 'file') return;
  const isLatest = setSlot(index, { picture, isBusy: true });
  const { original, name } = picture;
  const changed = await pictureFrom(original, name, limits, background).catch(() => picture);
  if (isLatest()) setSlot(index, { picture: changed });
  else if (changed !== picture) release({ picture: changed });
}

/** Undoes a repair. The file itself is not sent, since the API would refuse it. */
export function undoRepair(index: number): void {
  const picture = state.slots[index]?.picture;
  if (picture?.kind !== 'file') return;
  setSlot(index, {
    unrepaired: { ...picture, objectUrl: URL.createObjectURL(picture.original) },
    error: `${picture.name} cannot be used as it is. ${picture.ready.reasons.join(' ')}`,
  });
}

/** @returns whether nothing else has been put there since */
export function setSlot(index: number, slot: Slot): () => boolean {
  const isLatest = turns.take(index);
  const before = state.slots[index];
  if (before) {
    release({
      picture: before.picture === slot.picture ? undefined : before.picture,
      unrepaired: before.unrepaired === slot.unrepaired ? undefined : before.unrepaired,
    });
  }
  const slots = placesOf(state.slots, Math.max(state.slots.length, index + 1));
  update({ ...state, slots: slots.with(index, slot) });
  return isLatest;
}

/** Reads a file, repairs it if it needs that, and puts it into a slot. */
export async function fillSlot(
  index: number,
  file: Blob,
  name: string,
  limits: Limits,
  background?: Background,
): Promise<void> {
  await fill(index, async () => {
    try {
      return { picture: await pictureFrom(file, name, limits, background) };
    } catch (error) {
      return { error: `${name}: ${messageOf(error)}` };
    }
  });
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Fills a slot. A picture that comes too late is released. */
async function fill(index: number, read: () => Promise<Slot>): Promise<void> {
  const isLatest = setSlot(index, { isBusy: true });
  const slot = await read();
  if (isLatest()) setSlot(index, slot);
  else release(slot);
}

/** Chooses another model, and reads the pictures once more: it may take others. */
export async function changeModel(models: readonly Model[], model: Model): Promise<void> {
  changeDraft({
    model: nameToSend(models, model),
    n: Math.min(state.draft.n, model.limits.n),
  });
  await Promise.all(
    state.slots.map(async ({ picture }, index) => {
      if (picture?.kind !== 'file') return;
      await fillSlot(index, picture.original, picture.name, limitsOf(model), picture.background);
    }),
  );
}

/** Makes a picture of a task the only input of another one of the same model. */
export async function inputFromTask(
  models: readonly Model[],
  task: Pick<Task, 'model'>,
  picture: { readonly link: string; readonly name: string },
): Promise<void> {
  const model = modelNamed(models, task.model);
  if (!model) return;
  changeDraft({ model: nameToSend(models, model), n: Math.min(state.draft.n, model.limits.n) });
  for (const index of state.slots.keys()) setSlot(index, {});
  await fillFromLink(0, picture.link, picture.name, limitsOf(model));
}

/** Fills the form with the request of a task, so that it can be corrected and run again. */
export async function draftFromTask(task: Task, models: readonly Model[]): Promise<void> {
  const { request } = task;
  const model = modelNamed(models, task.model);
  if (!model) return;
  const limits = limitsOf(model);
  forgetDraft();
  changeDraft(fieldsOf(task, nameToSend(models, model)));
  await Promise.all(
    request.inputs.slice(0, model.limits.images).map(async (input, index) => {
      if (input.type === 'url' && input.link === undefined) {
        return setSlot(index, { picture: { kind: 'address', address: input.url } });
      }
      if (input.link === undefined) {
        return setSlot(index, {
          error: 'There is no copy of this picture any more. Choose it again.',
        });
      }
      return fillFromLink(index, input.link, `picture ${index + 1}`, limits);
    }),
  );
}

/** Puts a picture from one of our own links into a slot. */
async function fillFromLink(
  index: number,
  link: string,
  name: string,
  limits: Limits,
): Promise<void> {
  await fill(index, async () => {
    try {
      return { picture: await pictureFrom(await fetchPicture(link), name, limits) };
    } catch (error) {
      return { error: messageOf(error) };
    }
  });
}
