import * as z from 'zod';
import { providerNames } from '../../domain/model/catalogue.ts';

export const ProviderTrial = z
  .strictObject({
    object: z.literal('provider_trial'),
    provider: z.enum(providerNames),
    result: z
      .enum(['accepted', 'rejected', 'unclear', 'no_key'])
      .describe(
        '`accepted` or `rejected`: whether the provider takes the key. `unclear`: the provider could not be reached, or its response does not tell. `no_key`: you have stored no key for it',
      ),
    status: z
      .int()
      .min(100)
      .max(599)
      .nullable()
      .describe('The HTTP status of the provider; `null`: there was no answer'),
    ms: z.int().min(0).describe('How many milliseconds it took'),
  })
  .describe('Whether a provider takes the key that is stored for it');
