import { accountsContract } from './accounts-contract.ts';
import { dueContract } from './due-contract.ts';
import { factsContract } from './facts-contract.ts';
import { historyContract } from './history-contract.ts';
import { keysContract } from './keys-contract.ts';
import { ledgerContract } from './ledger-contract.ts';
import { ordersContract } from './orders-contract.ts';
import { rushContract } from './rush-contract.ts';
import type { Make } from './stores.ts';
import { submissionContract } from './submission-contract.ts';
import { uploadsContract } from './uploads-contract.ts';

/** Every guarantee of the ports that know of each other, for one store of all. */
export function storeContract(make: Make): void {
  factsContract(make);
  uploadsContract(make);
  submissionContract(make);
  dueContract(make);
  historyContract(make);
  accountsContract(make);
  keysContract(make);
  ordersContract(make);
  ledgerContract(make);
  rushContract(make);
}
