import * as z from 'zod';
import { providerNames } from '../../domain/model/catalogue.ts';

export const ProviderTrial = z
  .strictObject({
    object: z.literal('provider_trial'),
    provider: z.enum(providerNames),
    result: z
      .enum(['accepted', 'rejected', 'unclear', 'no_key'])
      .describe(
        '`rejected`: it does not take the key. `unclear`: it could not be reached, or did not say. `no_key`: you have stored none',
      ),
    status: z
      .int()
      .min(100)
      .max(599)
      .nullable()
      .describe('The HTTP status of the provider; `null`: there was no answer'),
    ms: z.int().min(0).describe('How many milliseconds it took'),
  })
  .describe('What a provider said to the key that is stored for it');
