import * as z from 'zod';
import { AdminUsage } from '../../domain/accounts/schemas.ts';
import { page } from '../../domain/wire/fields.ts';

export const AdminUsageList = page(AdminUsage)
  .extend({
    from: z.string().describe('The first day'),
    to: z.string().describe('The last day'),
  })
  .describe('A page of usage');
