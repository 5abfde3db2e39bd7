import * as z from 'zod';
import { credits, patterns, seconds } from './fields.ts';
import { taskAnswers } from './task-answers.ts';

// What a caller is told beside tasks.

const File = z
  .strictObject({
    id: z.string().regex(patterns.fileId),
    object: z.literal('file'),
    url: z
      .url()
      .describe('The address to use in `image_urls` of later tasks, by the same account alone'),
    expires_at: seconds('Until when it can be used'),
    upload: taskAnswers.Upload,
  })
  .describe('A place for a picture that later tasks may use');

const Model = z
  .strictObject({
    id: z.string().describe('What `model` may say'),
    object: z.literal('model'),
    type: z.literal('image'),
    credits_per_image: credits('The price of one image that was made'),
    limits: z.strictObject({
      images: z.int().min(1).describe('How many input pictures a task may have'),
      n: z.int().min(1).describe('How many images one task may ask for'),
      prompt_characters: z.int().min(1).describe('How long the prompt may be, in code points'),
      image_bytes: z.int().min(1).describe('How large an input picture may be'),
      side_pixels: z
        .array(z.int().min(1))
        .length(2)
        .describe('The shortest and the longest side an input picture may have'),
    }),
  })
  .describe('A model, what it costs and what it takes');

const Credits = z
  .strictObject({
    data: z.strictObject({
      token: z
        .strictObject({
          remaining_credits: credits('What this key may still spend'),
          unlimited_credits: z.boolean().describe('Whether the key has no limit of its own'),
          used_credits: credits('What its tasks have cost'),
          daily_limit_credits: credits('What it may spend a day, if there is a limit').optional(),
          daily_used_credits: credits('What it has spent today, if there is a limit').optional(),
          reset_timezone: z
            .string()
            .optional()
            .describe('The time zone in which its day begins at midnight'),
        })
        .describe('The API key'),
      user: z
        .strictObject({
          remaining_credits: credits('What the account has'),
          used_credits: credits('What all its tasks have cost'),
        })
        .describe('The account'),
    }),
    message: z.literal(''),
    success: z.literal(true),
  })
  .describe('What a caller has and has used, through this key and as an account');

/** The schemas of these answers, by the name they have in the document. */
export const callerAnswers = {
  ...{ File, Model, Credits },
  ModelList: z
    .strictObject({ object: z.literal('list'), data: z.array(Model) })
    .describe('All models'),
  Heard: z.strictObject({}).describe('It was heard'),
  Health: z.strictObject({ status: z.literal('ok') }).describe('It answers'),
  Document: z.looseObject({ openapi: z.string().regex(/^3\.1\.\d+$/) }).describe('This document'),
} as const;
