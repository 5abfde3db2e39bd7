import { modelsView, uploadView } from '../task/view.ts';
import type { Operations } from './operation.ts';
import * as samples from './samples.ts';

const fileId = 'file-0123456789abcdefghijklmnop';
const hour: Record<string, unknown> = {
  'Cache-Control': {
    ...{ description: 'It may be kept for an hour', required: true },
    ...{ schema: { type: 'string' }, example: 'public, max-age=3600' },
  },
};

/** The routes for callers beside tasks. */
export const callerOperations = {
  'POST /v1/files': {
    ...{ id: 'createFile', tag: 'Pictures', scope: 'generate', summary: 'Upload a picture' },
    description:
      'Answers a form to upload a picture with, and an address to use in `image_urls` of later tasks.',
    body: { schema: 'FileRequest', examples: { png: { content_type: 'image/png' } } },
    answer: {
      ...{ schema: 'File', description: 'The place for the picture' },
      examples: {
        png: {
          ...{ id: fileId, object: 'file', url: `${samples.host}/v1/files/${fileId}` },
          expires_at: 1_772_530_240,
          upload: uploadView(samples.uploadForm(`files/${samples.account}/${fileId}`)),
        },
      },
    },
    refusals: ['internal_error'],
  },
  'GET /v1/results/{task}/{n}': {
    ...{ id: 'getResult', tag: 'Pictures', summary: 'Fetch an image' },
    description:
      'What `results` of a task links to. The link carries its own permission and works for 24 hours, without a key.',
    query: {
      properties: {
        expires: { description: 'Until when the link works', type: 'integer', minimum: 0 },
        signature: { description: 'That the link was made by this API', type: 'string' },
      },
      required: ['expires', 'signature'],
    },
    answer: { redirect: 'The image is at another address for some minutes' },
    refusals: ['permission_denied', 'internal_error'],
  },
  'GET /v1/credits': {
    ...{ id: 'getCredits', tag: 'Account', scope: 'generate', summary: 'Read your credits' },
    description: 'What this key and its account have and have used.',
    answer: {
      ...{ schema: 'Credits', description: 'The credits' },
      examples: {
        limitedKey: {
          data: {
            token: {
              ...{ remaining_credits: 7.6, unlimited_credits: false, used_credits: 2.4 },
              ...{ daily_limit_credits: 5, daily_used_credits: 2.4 },
              reset_timezone: 'Europe/Berlin',
            },
            user: { remaining_credits: 97.6, used_credits: 2.4 },
          },
          ...{ message: '', success: true },
        },
      },
    },
    refusals: ['internal_error'],
  },
  'GET /v1/models': {
    ...{ id: 'listModels', tag: 'Account', scope: 'generate', summary: 'List the models' },
    description: 'Which models there are, what an image costs and what they take.',
    answer: {
      ...{ schema: 'ModelList', description: 'The models' },
      examples: { all: modelsView() },
    },
    refusals: ['internal_error'],
  },
  'POST /v1/providers/{provider}/callbacks/{task}/{secret}': {
    ...{ id: 'providerCallback', tag: 'Service', summary: 'Be told by a provider' },
    description:
      'Where a provider says that a job is done; the address is its permission, and its body is not read. The answer is the same whatever is said.',
    answer: { ...{ schema: 'Heard', description: 'It was heard' }, examples: { heard: {} } },
    refusals: ['internal_error'],
  },
  'GET /healthz': {
    ...{ id: 'health', tag: 'Service', summary: 'See whether it answers' },
    description: 'Needs no key and touches nothing.',
    answer: {
      ...{ schema: 'Health', description: 'It does' },
      examples: { ok: { status: 'ok' } },
    },
    refusals: [],
  },
  'GET /openapi.json': {
    ...{ id: 'openApi', tag: 'Service', summary: 'Read this document' },
    description: 'Needs no key.',
    answer: {
      ...{ schema: 'Document', description: 'This document', headers: hour },
      examples: { beginning: { openapi: '3.1.1' } },
    },
    refusals: [],
  },
} as const satisfies Operations;
