import * as z from 'zod';

export const Document = z
  .looseObject({ openapi: z.string().regex(/^3\.1\.\d+$/) })
  .describe('This document');
