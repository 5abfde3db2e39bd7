import * as z from 'zod';
import { providerNames } from '../task/provider.ts';

// What stands in the environment of functions, beside plain names.

export const required = z.string().min(1);
/** Only the laptop's stage sets it: callers' addresses may be on 127.0.0.1, over http. */
export const LOOPBACK = z.literal('allowed').optional();
/** Only the laptop's stage sets it: how long its painter takes, instead of the model table's guess. */
export const USUAL_SECONDS = z
  .string()
  .regex(/^\d*$/)
  .transform((text) => text || undefined)
  .optional();
/** The SDK's own variable: where S3 is, if that is not AWS. */
export const AWS_ENDPOINT_URL_S3 = required.optional();

/** Seconds, one after the other: `60,600,3600`; an empty text is none. */
export const seconds = z
  .string()
  .regex(/^(\d+(,\d+)*)?$/)
  .transform((text) => (text === '' ? [] : text.split(',').map(Number)));

/** Who is asked to paint, and in which order: `dashscope,fal`. */
export const PROVIDERS = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(providerNames)));
