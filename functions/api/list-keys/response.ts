import { Key } from '../../domain/accounts/schemas.ts';
import { page } from '../../domain/wire/fields.ts';

export const KeyList = page(Key);
