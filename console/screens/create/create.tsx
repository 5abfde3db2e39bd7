import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { ApiError } from '../../api/api-error.ts';
import { creditsQuery, type Model, modelsQuery } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { credits, number } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { CodeTabs } from '../../samples/code-tabs.tsx';
import { useRights } from '../../session/rights.ts';
import { Result } from '../result/result.tsx';
import { changeDraft, changeModel, fillSlot, isRefused, type Slot, useForm } from './draft.ts';
import { type Draft, requestOf } from './fields.ts';
import { metadataOf } from './metadata.ts';
import { limitsOf, modelNamed, nameToSend } from './models.ts';
import { PictureSlot } from './picture-slot.tsx';
import { nextPlace, placesOf } from './places.ts';
import { maxSeed, randomSeed } from './seed.ts';
import { lengthOf, maxNegativePrompt } from './text-length.ts';
import { useRun } from './use-run.ts';

/** The form for a task, with the request as code beside it, and the result in its place after the start. */
export function Create() {
  useTitle('Create');
  const models = useQuery(modelsQuery);
  const { draft } = useForm();
  const model = models.data && modelNamed(models.data, draft.model);
  if (model) return <CreateForm models={models.data} model={model} />;
  if (models.error) {
    return (
      <Failure
        what="The form could not be loaded."
        error={models.error}
        onRetry={() => models.refetch()}
      />
    );
  }
  return <Loading what="the form" lines={6} />;
}

type FormProps = { readonly models: readonly Model[]; readonly model: Model };

const sizes = ['auto', '1:1', '2:3', '3:2', '3:4', '4:3', '9:16', '16:9', '21:9'];
const warnBelow = 100;

function CreateForm({ models, model }: FormProps) {
  const { draft: typed, slots: filled } = useForm();
  // A draft may be older than the list of models.
  const draft = {
    ...typed,
    model: nameToSend(models, model),
    n: Math.min(typed.n, model.limits.n),
  };
  const slots: readonly Slot[] = placesOf(filled, model.limits.images);
  const rights = useRights();
  const { run, taskId, isSending, step, error, showForm } = useRun();
  const form = useRef<HTMLFormElement>(null);
  const side = useRef<HTMLDivElement>(null);
  // On a narrow screen the result is below the form.
  useEffect(() => {
    const isBelow = matchMedia('(max-width: 899px)').matches;
    if (taskId !== undefined && isBelow) side.current?.scrollIntoView();
  }, [taskId]);
  const [missing, setMissing] = useState<string | undefined>();
  const promptId = useId();
  const limits = useMemo(() => limitsOf(model), [model]);
  usePastedPictures(
    (file) => void fillSlot(nextPlace(slots), file, file.name || 'pasted picture', limits),
  );

  const pictures = slots.flatMap(({ picture }) => (picture ? [picture] : []));
  const maxPrompt = model.limits.prompt_characters;
  const isReadOnly = rights.isKnown && !rights.mayGenerate;

  const start = (wanted: Draft) => {
    const problem = whatIsMissing({
      isReadOnly,
      isBusy: slots.some((slot) => slot.isBusy),
      isRefused: slots.some(isRefused),
      pictures: pictures.length,
      draft: wanted,
      maxPrompt,
    });
    setMissing(problem?.text);
    if (problem) {
      focusOn(form.current?.querySelector<HTMLElement>(problem.field));
      return;
    }
    void run(wanted, pictures);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start(draft);
  };

  const sample = {
    url: location.origin,
    request: requestOf(draft),
    pictures: pictures.map((picture) =>
      picture.kind === 'address'
        ? picture
        : { kind: 'file' as const, name: picture.name, mediaType: picture.ready.mediaType },
    ),
  };

  return (
    <div className="create">
      <form
        ref={form}
        className="create-form"
        onSubmit={submit}
        noValidate
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            form.current?.requestSubmit();
          }
        }}
      >
        <h1>Create</h1>
        <div className="slots">
          {slots.map((slot, index) => (
            <PictureSlot key={index} index={index} slot={slot} limits={limits} />
          ))}
        </div>

        {models.length > 1 && <ModelChoice models={models} model={model} />}

        <div className="field">
          <label htmlFor={promptId}>What to do with it</label>
          <textarea
            id={promptId}
            name="prompt"
            rows={4}
            placeholder="Replace the background with a starry sky"
            value={draft.prompt}
            aria-describedby={`${promptId}-left`}
            aria-invalid={lengthOf(draft.prompt) > maxPrompt}
            onInput={({ currentTarget }) => changeDraft({ prompt: currentTarget.value })}
          />
          <Length id={`${promptId}-left`} text={draft.prompt} max={maxPrompt} />
        </div>

        <div className="row">
          <label>
            Images
            <select
              name="n"
              value={draft.n}
              onChange={({ currentTarget }) => changeDraft({ n: Number(currentTarget.value) })}
            >
              {Array.from({ length: model.limits.n }, (_, index) => (
                <option key={index + 1} value={index + 1}>
                  {index + 1}
                </option>
              ))}
            </select>
          </label>
          <label>
            Size
            <select
              name="size"
              value={draft.size}
              onChange={({ currentTarget }) => changeDraft({ size: currentTarget.value })}
            >
              {(sizes.includes(draft.size) ? sizes : [...sizes, draft.size]).map((size) => (
                <option key={size} value={size}>
                  {size === 'auto' ? 'As the picture' : size}
                </option>
              ))}
            </select>
          </label>
          <label className="seed">
            Seed
            <span className="with-button">
              <input
                name="seed"
                inputMode="numeric"
                placeholder="any"
                value={draft.seed}
                onInput={({ currentTarget }) => changeDraft({ seed: currentTarget.value.trim() })}
              />
              <button
                type="button"
                aria-label="Choose a random seed"
                title="Choose a random seed"
                onClick={() => changeDraft({ seed: String(randomSeed()) })}
              >
                <Dice />
              </button>
            </span>
          </label>
        </div>

        <More />

        <div className="run-bar">
          <p>
            <strong>{credits(model.credits_per_image * draft.n)}</strong> <Balance />
          </p>
          <button type="submit" className="primary" aria-disabled={isSending}>
            {isSending ? step : 'Run'}
          </button>
          {missing !== undefined && (
            <p className="warning" role="alert">
              {missing}
            </p>
          )}
          {error !== undefined && (
            <Failure
              what={
                error instanceof ApiError && error.status !== 0 && error.status < 500
                  ? 'The request was refused.'
                  : 'The task was not started.'
              }
              error={error}
              onRetry={() => form.current?.requestSubmit()}
            />
          )}
        </div>
      </form>

      <div className="create-side" ref={side}>
        {taskId === undefined ? (
          <CodeTabs input={sample} />
        ) : (
          <>
            <Result
              taskId={taskId}
              onAgain={() => form.current?.requestSubmit()}
              onAgainWithSeed={() => {
                const seed = String(randomSeed());
                changeDraft({ seed });
                start({ ...draft, seed });
              }}
            />
            <button type="button" className="quiet" onClick={showForm}>
              Show the code again
            </button>
          </>
        )}
      </div>
    </div>
  );
}

function ModelChoice({ models, model }: FormProps) {
  const choose = (id: string) => void changeModel(models, modelNamed(models, id) ?? model);
  return (
    <label>
      Model
      <select
        name="model"
        value={model.id}
        onChange={({ currentTarget }) => choose(currentTarget.value)}
      >
        {models.map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
    </label>
  );
}

type LengthProps = { readonly id: string; readonly text: string; readonly max: number };

/**
 * How long a text is, and how long it may be. A text that is too long is not cut off, so that the user can shorten it.
 */
function Length({ id, text, max }: LengthProps) {
  const length = lengthOf(text);
  const left = max - length;
  return (
    <p id={id} className={left < warnBelow ? 'caption warning' : 'caption'}>
      {left < 0 ? `${-left} characters too long` : `${length} of ${max} characters`}
    </p>
  );
}

/** A field below "More" can have the focus only when that is open. */
function focusOn(field: HTMLElement | null | undefined): void {
  const more = field?.closest('details');
  if (more) more.open = true;
  field?.focus();
}

type Entered = {
  readonly isReadOnly: boolean;
  readonly isBusy: boolean;
  /**
   * A slot has a picture that cannot be sent. A request without the picture would be another request, and would cost
   * credits.
   */
  readonly isRefused: boolean;
  readonly pictures: number;
  readonly draft: Draft;
  readonly maxPrompt: number;
};

/** Why the form cannot be sent, and the field to correct. */
function whatIsMissing(entered: Entered) {
  const { isReadOnly, draft, maxPrompt } = entered;
  if (isReadOnly) {
    return { text: 'This key may only read (scope read).', field: '[type=submit]' };
  }
  const missingPicture = whichPictureIsMissing(entered);
  if (missingPicture) return missingPicture;
  if (draft.prompt.trim() === '') {
    return { text: 'Say what to do with it.', field: '[name=prompt]' };
  }
  if (lengthOf(draft.prompt) > maxPrompt) {
    return { text: 'The prompt is too long.', field: '[name=prompt]' };
  }
  return whichOptionIsWrong(draft);
}

function whichOptionIsWrong({ seed, negativePrompt, metadata }: Draft) {
  if (seed !== '' && (!/^\d{1,10}$/.test(seed) || Number(seed) > maxSeed)) {
    return { text: `A seed is a whole number from 0 to ${maxSeed}.`, field: '[name=seed]' };
  }
  if (lengthOf(negativePrompt) > maxNegativePrompt) {
    return {
      text: 'The text about what should not be in it is too long.',
      field: '[name=negative_prompt]',
    };
  }
  if (metadataOf(metadata) === undefined) {
    return {
      text: 'Metadata that begins with { must be a JSON object of texts.',
      field: '[name=metadata]',
    };
  }
  return undefined;
}

function whichPictureIsMissing({ isBusy, isRefused, pictures }: Entered) {
  if (isBusy) return { text: 'A picture is still being read.', field: '[type=submit]' };
  if (isRefused) {
    return {
      text: 'A picture cannot be used as it is: choose another one, or leave it out.',
      field: '.slot-refused button',
    };
  }
  return pictures === 0 ? { text: 'Add a picture first.', field: '.slot-choose' } : undefined;
}

/** The credits that are left, as the API last reported them; nothing is computed here. */
function Balance() {
  const { data } = useQuery(creditsQuery);
  if (!data) return null;
  return <span className="soft">· {number(data.token.remaining_credits)} left</span>;
}

function More() {
  const { draft } = useForm();
  const negativeId = useId();
  return (
    <details className="more">
      <summary>More</summary>
      <div className="field">
        <label htmlFor={negativeId}>What should not be in it</label>
        <textarea
          id={negativeId}
          name="negative_prompt"
          rows={2}
          value={draft.negativePrompt}
          aria-describedby={`${negativeId}-left`}
          aria-invalid={lengthOf(draft.negativePrompt) > maxNegativePrompt}
          onInput={({ currentTarget }) => changeDraft({ negativePrompt: currentTarget.value })}
        />
        <Length id={`${negativeId}-left`} text={draft.negativePrompt} max={maxNegativePrompt} />
      </div>
      <label>
        Callback address
        <input
          name="callback_url"
          type="url"
          placeholder="https://"
          value={draft.callbackUrl}
          onInput={({ currentTarget }) => changeDraft({ callbackUrl: currentTarget.value.trim() })}
        />
      </label>
      <label>
        Metadata, a line each, or JSON
        <textarea
          name="metadata"
          rows={2}
          placeholder="order: 4711"
          value={draft.metadata}
          onInput={({ currentTarget }) => changeDraft({ metadata: currentTarget.value })}
        />
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.promptExtend}
          onChange={({ currentTarget }) => changeDraft({ promptExtend: currentTarget.checked })}
        />
        The model may elaborate the prompt
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.watermark}
          onChange={({ currentTarget }) => changeDraft({ watermark: currentTarget.checked })}
        />
        Mark the images as made by a machine
      </label>
    </details>
  );
}

/** A picture that is pasted anywhere on the page belongs into the form. A text does not. */
function usePastedPictures(onPicture: (file: File) => void): void {
  const latest = useRef(onPicture);
  latest.current = onPicture;
  useEffect(() => {
    const paste = ({ clipboardData }: ClipboardEvent) => {
      const file = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
      if (file) latest.current(file);
    };
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  }, []);
}

function Dice() {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
      <path d="M4 4h12v12H4zM7.5 7.5h.01M12.5 7.5h.01M7.5 12.5h.01M12.5 12.5h.01M10 10h.01" />
    </svg>
  );
}
