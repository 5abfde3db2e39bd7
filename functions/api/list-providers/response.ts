import * as z from 'zod';
import { providerNames } from '../../domain/model/catalogue.ts';
import { spellNumber } from '../../domain/model/duration.ts';
import { taskErrorCodes } from '../../domain/model/problem.ts';
import { minSampleSize } from '../../domain/providers/durations.ts';
import { rejectionDays } from '../../domain/providers/rejections.ts';
import { page, seconds } from '../../domain/wire/fields.ts';

const count = (what: string) => z.int().min(0).describe(what);

const Provider = z
  .strictObject({
    object: z.literal('provider'),
    id: z.enum(providerNames),
    position: z
      .int()
      .min(1)
      .nullable()
      .describe('Its place in the order in which providers are tried; `null`: it is not offered'),
    has_key: z.boolean().describe('Whether you have stored a key for it. The key is never shown'),
    capacity: z
      .strictObject({
        running: count('How many jobs it runs at once'),
        submits_per_second: z.int().min(1).nullable().describe('`null`: no limit'),
        ahead: count('How many jobs more may wait there'),
      })
      .nullable()
      .describe('What it takes of you, as it was deployed; `null`: no limits'),
    models: z
      .array(
        z.strictObject({
          id: z.string(),
          typical_seconds: z
            .number()
            .min(0)
            .describe(
              `How long it takes, as the latest jobs did; a guess until there are ${spellNumber(minSampleSize)}`,
            ),
        }),
      )
      .describe('The models that it offers'),
    slots: z
      .array(
        z.strictObject({
          name: z.string().describe('Of the provider, or of one model there if it counts by model'),
          total: count('How many jobs may be there').nullable().describe('`null`: no limits'),
          taken: count('How many of them are taken'),
          waiting: count(
            'How many tasks wait for one, a minute ago at most. One that may go to several providers is counted at each',
          ),
          oldest_waiting_since: seconds(
            'Since when the one waits that has waited longest',
          ).nullable(),
          paused_until: seconds('Until when none is handed out, because it was busy').nullable(),
        }),
      )
      .describe('Who has one may have a job at the provider'),
    rejections: z
      .array(
        z.strictObject({
          day: z
            .string()
            .regex(/^\d{4}-\d{2}-\d{2}$/)
            .describe('Of UTC'),
          code: z
            .enum(taskErrorCodes)
            .describe('What a task fails with for it; `resource_exhausted`: it was busy'),
          count: z.int().min(1),
        }),
      )
      .describe(
        `Jobs that it did not accept in the last ${rejectionDays} days, also when another provider did. Without those that failed there later`,
      ),
  })
  .describe('A provider, as it is configured and as it does');

export const ProviderList = page(Provider)
  .extend({
    reconciled_at: seconds(
      'When the reconciler has run last: it runs once a minute. `null`: not yet',
    ).nullable(),
  })
  .describe('All providers, and the reconciler that repairs what was lost');
