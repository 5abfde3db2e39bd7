import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { ApiKey } from '../task/api-key.ts';
import type { Row } from './update.ts';

type Item = Record<string, AttributeValue>;

export const toKeyItem = (key: ApiKey): Item => marshall(key, { removeUndefinedValues: true });

/** The key as it was written; `undefined` when it was deleted since: its row stays, for the ledger's sake. */
export const toKey = ({ deletedAt, ...row }: Row): ApiKey | undefined =>
  deletedAt === undefined ? (row as ApiKey) : undefined;
