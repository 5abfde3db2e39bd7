import {
  type IdempotencyRecord,
  idempotencyConflict,
  idempotencyRecordFor,
  taskOfKeyDeleted,
} from '../billing/idempotency.ts';
import { busyProblem, type Ledger, type ReserveResult, reserveProblem } from '../billing/ledger.ts';
import { playCreditsRefill } from '../billing/play-credits.ts';
import type { Caller } from '../model/api-key.ts';
import { findModel, type Model } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { isTest, playDayOf } from '../model/mode.ts';
import { Problem } from '../model/problem.ts';
import {
  type Input,
  isDeleted,
  maxSignedUrlLength,
  maxUrlLength,
  type Pending,
  startGraceMs,
  type Task,
  uploadFormMs,
  type WithRequest,
} from '../model/task.ts';
import { effectProblem } from '../providers/sandbox-effects.ts';
import { effectiveRequest, type GenerationRequest } from '../wire/request.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = {
  readonly ledger: Pick<Ledger, 'reserve' | 'refill'>;
  readonly tasks: Pick<TaskStore, 'find' | 'findRecord'>;
  readonly workflow: Pick<Workflow, 'start'>;
  /** The models, if they are not those of the catalogue. */
  readonly catalogue?: readonly Model[];
  readonly now: Clock;
  readonly newId: (now: number) => string;
  /** What is wrong with a URL ("must …"), if anything. `maxLength` is in characters. */
  readonly urlProblem: (url: string, maxLength: number) => string | undefined;
  /** The id of an uploaded file, when the URL is that of a file. */
  readonly fileIdOf: (url: string) => string | undefined;
  readonly startFailed: (taskId: string, cause: unknown) => void;
  /** The account has reached its daily budget: this create is beyond it, whether it was refused or not. */
  readonly budgetExceeded: (account: string) => void;
};

export type Created = { readonly task: Task; readonly replayed: boolean };

/**
 * Creates a task: reserves its price, writes it, and starts it if no pictures are to be uploaded.
 * @throws {Problem} when the request is wrong or cannot be paid for; nothing was written
 */
export const createTask =
  (deps: Deps) =>
  async (request: GenerationRequest, caller: Caller, idempotencyKey?: string): Promise<Created> => {
    const idempotency = idempotencyRecordFor(
      caller.keyId,
      idempotencyKey,
      effectiveRequest(request),
      deps.now(),
    );
    checkModel(request.model, caller);
    const task = draft(deps, request, caller);
    if (isTest(caller)) await refillOnce(deps, caller, task.createdAt);
    const result = await deps.ledger.reserve(task, caller, idempotency);
    if (isBeyondBudget(result)) deps.budgetExceeded(caller.account);
    if (result.state !== 'reserved')
      return replay(deps, result, { price: task.reserved, n: task.n, caller }, idempotency);
    await startIfReady(deps, task);
    return { task, replayed: false };
  };

/** The first create of a day in test mode gives its account the play credits of that day. */
async function refillOnce({ ledger }: Deps, caller: Caller, at: number): Promise<void> {
  const { account, refilledOn = '' } = caller;
  if (refilledOn >= playDayOf(at)) return;
  if (!(await ledger.refill(playCreditsRefill(account, at)))) throw busyProblem();
}

const isBeyondBudget = (result: ReserveResult): boolean =>
  result.state === 'over_budget' || (result.state === 'reserved' && result.isOverBudget === true);

function draft(deps: Deps, request: GenerationRequest, caller: Caller): WithRequest<Pending> {
  const now = deps.now();
  const model = findModel(request.model, deps.catalogue);
  if (!model)
    throw new Error(`the model ${request.model} passed the schema and is not in the catalogue`);
  const inputs = inputsOf(deps, request);
  checkCallback(deps, request.callback_url);
  if (isTest(caller)) checkEffects(request.prompt);
  return {
    status: 'pending',
    id: deps.newId(now),
    createdAt: now,
    inputs,
    uploadCount: request.image_uploads?.length,
    account: caller.account,
    keyId: caller.keyId,
    keyName: caller.keyName,
    userGroup: caller.userGroup,
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
    lane: request.lane,
    metadata: request.metadata,
    // With uploads: when the forms have expired, so that nothing can arrive any more.
    nextCheckAt: now + (request.image_uploads ? uploadFormMs : 0) + startGraceMs,
  };
}

function inputsOf({ fileIdOf, urlProblem }: Deps, request: GenerationRequest): readonly Input[] {
  const uploads = request.image_uploads ?? [];
  const urls = request.image_urls ?? [];
  return [
    ...uploads.map(({ content_type }) => ({ kind: 'upload', contentType: content_type }) as const),
    ...urls.map((url, index) => {
      const fileId = fileIdOf(url);
      if (fileId) return { kind: 'file', fileId } as const;
      const reason = urlProblem(url, maxSignedUrlLength);
      const param = `image_urls[${index}]`;
      if (reason) throw new Problem('invalid_request', `${param} ${reason}`, { param });
      return { kind: 'url', url } as const;
    }),
  ];
}

function checkCallback({ urlProblem }: Deps, url: string | undefined): void {
  const reason = url === undefined ? undefined : urlProblem(url, maxUrlLength);
  const param = 'callback_url';
  if (reason) throw new Problem('invalid_request', `${param} ${reason}`, { param });
}

/** Rejects at once a prompt that asks the sandbox for something that it cannot do. */
function checkEffects(prompt: string): void {
  const message = effectProblem(prompt);
  if (message) throw new Problem('invalid_request', message, { param: 'prompt' });
}

function checkModel(model: string, { keyName, allowedModels }: Caller): void {
  if (!allowedModels || allowedModels.includes(model)) return;
  throw modelNotAllowed(model, keyName, allowedModels);
}

export const modelNotAllowed = (
  model: string,
  key_name: string,
  allowed_models: readonly string[],
): Problem =>
  new Problem('KEY_MODEL_NOT_ALLOWED', `The API key "${key_name}" may not use ${model}.`, {
    param: 'model',
    details: { key_name, allowed_models },
  });

/** The task that the same request created before. @throws {Problem} when there is none, or it was deleted */
async function replay(
  { tasks }: Deps,
  result: Exclude<ReserveResult, { state: 'reserved' }>,
  request: Parameters<typeof reserveProblem>[1],
  idempotency: IdempotencyRecord | undefined,
): Promise<Created> {
  if (result.state !== 'idempotency_key_used') throw reserveProblem(result, request);
  if (result.requestHash !== idempotency?.requestHash) throw idempotencyConflict();
  const task = await tasks.find(result.taskId);
  if (task) return { task, replayed: true };
  const record = await tasks.findRecord(result.taskId);
  if (record && isDeleted(record)) throw taskOfKeyDeleted();
  throw new Error(`${result.taskId} has an idempotency record and does not exist`);
}

// The task is written before it is started: a task that its caller cannot get must never run. If the start
// fails, the task exists all the same, and the reconciler starts it.
async function startIfReady({ workflow, startFailed }: Deps, task: Pending): Promise<void> {
  if (task.uploadCount) return;
  await workflow.start(task.id).catch((cause: unknown) => startFailed(task.id, cause));
}
