import { describeFaultsOfChecks, describeFaultsOfTokenKeys } from './describe-faults.ts';

describeFaultsOfChecks();
describeFaultsOfTokenKeys();
