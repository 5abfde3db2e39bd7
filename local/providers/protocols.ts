import { dashscope } from './dashscope.ts';
import { evolink } from './evolink.ts';
import { fal } from './fal.ts';
import type { Protocol } from './route.ts';

/** The providers that are mocked: a file with the protocol, and its line here. They share a server, so their paths differ. */
export const protocols = {
  dashscope: () => dashscope,
  evolink,
  fal,
} as const satisfies Readonly<Record<string, (now: () => number) => Protocol>>;

export type ProviderName = keyof typeof protocols;
