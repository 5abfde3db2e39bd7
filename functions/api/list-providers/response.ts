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
        ahead: count('How many more jobs may wait there'),
      })
      .nullable()
      .describe('How much it accepts from you, as it was deployed; `null`: no limits'),
    models: z
      .array(
        z.strictObject({
          id: z.string(),
          typical_seconds: z
            .number()
            .min(0)
            .describe(
              `How long a job takes, measured with the latest ones; a guess until there are ${spellNumber(minSampleSize)}`,
            ),
        }),
      )
      .describe('The models that it offers'),
    slots: z
      .array(
        z.strictObject({
          name: z
            .string()
            .describe('The provider, or one model there if the provider counts by model'),
          total: count('How many jobs may be there').nullable().describe('`null`: no limits'),
          taken: count('How many of them are taken'),
          waiting: count(
            'How many tasks wait for a slot, counted at most two minutes ago. A task that may go to several providers is counted at each',
          ),
          oldest_waiting_since: seconds(
            'Since when the task waits that has waited longest',
          ).nullable(),
          paused_until: seconds(
            'Until when no slot is given out, because the provider was busy',
          ).nullable(),
        }),
      )
      .describe('The slots: a task that has one may have a job at the provider'),
    rejections: z
      .array(
        z.strictObject({
          day: z
            .string()
            .regex(/^\d{4}-\d{2}-\d{2}$/)
            .describe('The day (UTC)'),
          code: z
            .enum(taskErrorCodes)
            .describe(
              'The error code with which a task fails after this rejection; `resource_exhausted`: the provider was busy',
            ),
          count: z.int().min(1),
        }),
      )
      .describe(
        `Jobs that it did not accept in the last ${rejectionDays} days, even if another provider then did. Jobs that it accepted and that failed later are not counted`,
      ),
  })
  .describe('A provider: its configuration and its state');

export const ProviderList = page(Provider)
  .extend({
    reconciled_at: seconds(
      'When the reconciler last ran; it runs once a minute. `null`: not yet',
    ).nullable(),
  })
  .describe('All providers, and the reconciler that repairs what was lost');
