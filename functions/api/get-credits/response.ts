import * as z from 'zod';
import { credits } from '../../domain/wire/fields.ts';

export const Credits = z
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
