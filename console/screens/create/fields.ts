import type { components } from '../../api/schema.d.ts';
import { metadataOf, textOfMetadata } from './metadata.ts';

type GenerationRequest = components['schemas']['GenerationRequest'];
type Task = components['schemas']['Task'];

/** The fields of the form of Create. Its pictures are beside them. */
export type Draft = {
  /** The model, or nothing for the one that the API takes then. */
  readonly model: string;
  readonly prompt: string;
  readonly n: number;
  readonly size: string;
  /** A number or nothing, as it was typed. */
  readonly seed: string;
  readonly negativePrompt: string;
  readonly callbackUrl: string;
  /** Lines of `name: value`, or JSON. */
  readonly metadata: string;
  /** The model may elaborate the prompt. */
  readonly promptExtend: boolean;
  readonly watermark: boolean;
};

export const emptyDraft: Draft = {
  model: '',
  prompt: '',
  n: 1,
  size: 'auto',
  seed: '',
  negativePrompt: '',
  callbackUrl: '',
  metadata: '',
  promptExtend: true,
  watermark: false,
};

/** The request without its pictures, as it is sent and as the samples show it. */
export function requestOf(draft: Draft): GenerationRequest {
  // Metadata that cannot be parsed is not sent; the form has shown that before.
  const metadata = metadataOf(draft.metadata) ?? {};
  return {
    ...(draft.model !== '' && { model: draft.model as NonNullable<GenerationRequest['model']> }),
    prompt: draft.prompt,
    ...(draft.n !== 1 && { n: draft.n }),
    ...(draft.size !== 'auto' && { size: draft.size }),
    ...(draft.seed !== '' && { seed: Number(draft.seed) }),
    ...(draft.negativePrompt.trim() !== '' && { negative_prompt: draft.negativePrompt }),
    ...(draft.promptExtend ? {} : { prompt_extend: false }),
    ...(draft.watermark && { watermark: true }),
    ...(draft.callbackUrl !== '' && { callback_url: draft.callbackUrl }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** The fields that ask for the same as a task. The name of its model is given, since that of the first is not sent. */
export const fieldsOf = (
  { request, callback, metadata }: Pick<Task, 'request' | 'callback' | 'metadata'>,
  model: string,
): Draft => ({
  model,
  prompt: request.prompt,
  n: request.n,
  size: request.size ?? 'auto',
  seed: request.seed === undefined ? '' : String(request.seed),
  negativePrompt: request.negative_prompt ?? '',
  promptExtend: request.prompt_extend ?? true,
  watermark: request.watermark ?? false,
  callbackUrl: callback?.url ?? '',
  metadata: textOfMetadata(metadata ?? {}),
});
