import { Entry } from '../../domain/accounts/schemas.ts';
import { page } from '../../domain/wire/fields.ts';

export const EntryList = page(Entry);
