import type { Caller } from './identify.ts';
import { findModel, type Model } from './models.ts';
import type { Clock, Ledger, Opening, Tasks, Workflow } from './ports.ts';
import { Problem } from './problem.ts';
import { conflict, type Remembered, rememberedAs } from './remember.ts';
import type { GenerationRequest } from './request.ts';
import { refusalOf } from './shortage.ts';
import type { Input, Pending, Task } from './task.ts';

/** How long uploads may take to arrive, in milliseconds: an hour. */
export const uploadWindowMs = 60 * 60 * 1000;
/** A task that was not started within this time is started by the sweep. */
const startGraceMs = 60 * 1000;

type Needs = {
  readonly ledger: Pick<Ledger, 'open'>;
  readonly tasks: Tasks;
  readonly workflow: Pick<Workflow, 'start'>;
  readonly now: Clock;
  readonly newId: (now: number) => string;
  /** Why an address may not be used ("must …"), if it may not. */
  readonly refusal: (url: string) => string | undefined;
  /** The id of an uploaded file, when the address is one of ours. */
  readonly fileIdOf: (url: string) => string | undefined;
  readonly startFailed: (taskId: string, cause: unknown) => void;
};

export type Created = { readonly task: Task; readonly replayed: boolean };

/**
 * Takes a task in: reserves its price, writes it, and starts it once its pictures are there.
 * @throws {Problem} whatever the caller did wrong; nothing was written and no credits moved
 */
export const createTask =
  (needs: Needs) =>
  async (request: GenerationRequest, caller: Caller, idempotencyKey?: string): Promise<Created> => {
    const remembered = rememberedAs(caller.keyId, idempotencyKey, request, needs.now());
    checkModel(request.model, caller);
    const task = draft(needs, request, caller);
    const opening = await needs.ledger.open(task, remembered);
    if (opening.state !== 'opened') return answerFor(needs, opening, task, remembered);
    await startIfReady(needs, task);
    return { task, replayed: false };
  };

function draft(needs: Needs, request: GenerationRequest, caller: Caller): Pending {
  const now = needs.now();
  const model = findModel(request.model);
  if (!model)
    throw new Error(`the model ${request.model} passed the schema and is not in the table`);
  const inputs = inputsOf(needs, request);
  checkCallback(needs, request.callback_url);
  return {
    ...{ status: 'pending', id: needs.newId(now), createdAt: now, inputs },
    ...{ account: caller.account, keyId: caller.keyId, userGroup: caller.userGroup },
    ...wishes(request, model),
    dueAt: now + (request.image_uploads ? uploadWindowMs : startGraceMs),
  };
}

const wishes = (request: GenerationRequest, model: Model) => ({
  model: model.id,
  prompt: request.prompt,
  n: request.n,
  reserved: request.n * model.milliCreditsPerImage,
  options: {
    negativePrompt: request.negative_prompt,
    size: request.size,
    seed: request.seed,
    promptExtend: request.prompt_extend,
    watermark: request.watermark,
  },
  callbackUrl: request.callback_url,
  metadata: request.metadata,
});

function inputsOf({ fileIdOf, refusal }: Needs, request: GenerationRequest): readonly Input[] {
  const uploads = request.image_uploads ?? [];
  const urls = request.image_urls ?? [];
  return [
    ...uploads.map(({ content_type }) => ({ kind: 'upload', contentType: content_type }) as const),
    ...urls.map((url, index) => {
      const fileId = fileIdOf(url);
      if (fileId) return { kind: 'file', fileId } as const;
      const reason = refusal(url);
      const param = `image_urls[${index}]`;
      if (reason) throw new Problem('invalid_request', `${param} ${reason}`, { param });
      return { kind: 'url', url } as const;
    }),
  ];
}

function checkCallback({ refusal }: Needs, url: string | undefined): void {
  const reason = url === undefined ? undefined : refusal(url);
  const param = 'callback_url';
  if (reason) throw new Problem('invalid_request', `${param} ${reason}`, { param });
}

function checkModel(model: string, { keyName, allowedModels }: Caller): void {
  if (!allowedModels || allowedModels.includes(model)) return;
  throw new Problem('KEY_MODEL_NOT_ALLOWED', `The API key "${keyName}" may not use ${model}.`, {
    param: 'model',
    details: { key_name: keyName, allowed_models: allowedModels },
  });
}

async function answerFor(
  { tasks }: Needs,
  opening: Exclude<Opening, { state: 'opened' }>,
  draft: Pending,
  remembered: Remembered | undefined,
): Promise<Created> {
  if (opening.state !== 'remembered') throw refusalOf(opening, draft);
  if (opening.requestHash !== remembered?.requestHash) throw conflict();
  const task = await tasks.find(opening.taskId);
  if (!task) throw new Error(`${opening.taskId} is remembered and is not there`);
  return { task, replayed: true };
}

// Written before started: a task the caller cannot look up must never run. Should the start fail,
// the task exists all the same, and the sweep starts it.
async function startIfReady({ workflow, startFailed }: Needs, task: Pending): Promise<void> {
  if (task.inputs.some(({ kind }) => kind === 'upload')) return;
  await workflow.start(task.id).catch((cause: unknown) => startFailed(task.id, cause));
}
