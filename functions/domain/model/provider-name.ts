/**
 * The names of all providers. A new one is added here; the compiler then asks for its definition
 * (`functions/adapters/providers/registry.ts`) and its client (`clients.ts` beside it). A stage may
 * offer fewer of them, in an order of its own.
 */
export const providerNames = ['dashscope', 'evolink', 'fal'] as const;

export type ProviderName = (typeof providerNames)[number];
