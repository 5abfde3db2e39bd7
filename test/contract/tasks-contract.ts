import { dueContract } from './due-contract.ts';
import { factsContract } from './facts-contract.ts';
import { historyContract } from './history-contract.ts';
import { ledgerContract } from './ledger-contract.ts';
import { rescueContract } from './rescue-contract.ts';
import { rushContract } from './rush-contract.ts';
import type { Make } from './stores.ts';
import { submissionContract } from './submission-contract.ts';
import { uploadsContract } from './uploads-contract.ts';

/** Every guarantee of the ports `Tasks` and `Ledger`, for one store of both. */
export function tasksContract(make: Make): void {
  factsContract(make);
  uploadsContract(make);
  submissionContract(make);
  dueContract(make);
  rescueContract(make);
  historyContract(make);
  ledgerContract(make);
  rushContract(make);
}
