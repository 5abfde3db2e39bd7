import * as z from 'zod';
import { providerNames } from '../domain/model/catalogue.ts';

// The values that variables of the environment can have, other than a name or a URL.

export const required = z.string().min(1);
/** Callers' URLs may be plain http on 127.0.0.1. Without it only https and public addresses are allowed. */
export const ALLOW_LOOPBACK = z
  .literal('allowed')
  .optional()
  .transform((value) => value !== undefined);
/** How many seconds a provider typically takes, instead of the measured durations. An empty text is no value. */
export const TYPICAL_SECONDS = z
  .string()
  .regex(/^\d*$/)
  .transform((text) => text || undefined)
  .optional();
/** A variable of the AWS SDK: the endpoint of S3, where that is not AWS's own. */
export const AWS_ENDPOINT_URL_S3 = required.optional();

/** A whole number of days, at least one. */
export const days = z
  .string()
  .regex(/^[1-9]\d{0,3}$/)
  .transform(Number);

/** A list of seconds: `60,600,3600`. An empty text is an empty list. */
export const listOfSeconds = z
  .string()
  .regex(/^(\d+(,\d+)*)?$/)
  .transform((text) => (text === '' ? [] : text.split(',').map(Number)));

/** The providers that are offered, in the order in which they are tried: `dashscope,fal`. */
export const PROVIDERS = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(providerNames)));

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('must be JSON');
    return z.NEVER;
  }
});

/** Where every provider is, as JSON: `{"dashscope": "https://…", …}`. */
export const PROVIDER_URLS = json.pipe(z.record(z.enum(providerNames), z.url()));
/** Where the providers that sign their webhooks publish their keys, as JSON: `{"fal": "https://…"}`. */
export const PROVIDER_KEYS_URLS = json.pipe(z.partialRecord(z.enum(providerNames), z.url()));
