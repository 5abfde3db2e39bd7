import { accountsContract } from './accounts-contract.ts';
import { checksContract } from './checks-contract.ts';
import { deletionContract } from './deletion-contract.ts';
import { factsContract } from './facts-contract.ts';
import { historyContract } from './history-contract.ts';
import { issuedKeysContract } from './issued-keys-contract.ts';
import { keysContract } from './keys-contract.ts';
import { ledgerContract } from './ledger-contract.ts';
import { parallelWritesContract } from './parallel-writes-contract.ts';
import { recoveryContract } from './recovery-contract.ts';
import type { MakeStore } from './stores.ts';
import { submissionContract } from './submission-contract.ts';
import { testModeContract } from './test-mode-contract.ts';
import { uploadsContract } from './uploads-contract.ts';

/** Every guarantee of the ports that share their data. */
export function storeContract(make: MakeStore): void {
  factsContract(make);
  uploadsContract(make);
  submissionContract(make);
  checksContract(make);
  recoveryContract(make);
  historyContract(make);
  deletionContract(make);
  accountsContract(make);
  keysContract(make);
  issuedKeysContract(make);
  ledgerContract(make);
  parallelWritesContract(make);
  testModeContract(make);
}
