import * as z from 'zod';

// Responses of the service itself.

export const Health = z.strictObject({ status: z.literal('ok') }).describe('The service responds');

export const Document = z
  .looseObject({ openapi: z.string().regex(/^3\.1\.\d+$/) })
  .describe('This document');

export const Received = z.strictObject({}).describe('The webhook was received');
