import { describeFaultsOfChecks, describeFaultsOfTokenKeys } from './faults.suite.ts';

describeFaultsOfChecks();
describeFaultsOfTokenKeys();
