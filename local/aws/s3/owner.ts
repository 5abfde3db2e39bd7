import { createHash } from 'node:crypto';
import { accountId } from '../template/physical-names.ts';

/** The only account there is, as S3 names an account: by its canonical id. */
export const owner = { ID: createHash('sha256').update(accountId).digest('hex') };
