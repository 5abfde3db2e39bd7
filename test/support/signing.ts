import type { SigningKeys } from '../../functions/domain/model/signature.ts';

/** Signing keys that never rotate. */
export const signingWith = (...secrets: readonly string[]): SigningKeys => ({
  known: async () => secrets,
  latest: async () => secrets,
});
