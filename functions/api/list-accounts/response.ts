import { Account } from '../../domain/accounts/schemas.ts';
import { page } from '../../domain/wire/fields.ts';

export const AccountList = page(Account);
