import * as z from 'zod';

export const Received = z.strictObject({}).describe('The webhook was received');
