import * as z from 'zod';
import { Usage } from '../../domain/accounts/schemas.ts';
import { page } from '../../domain/wire/fields.ts';

export const UsageList = page(Usage)
  .extend({
    from: z.string().describe('The first day'),
    to: z.string().describe('The last day'),
  })
  .describe('A page of usage');
