import { describeCrowd, describeFaultsOfCalls } from './faults.suite.ts';

describeFaultsOfCalls();
describeCrowd();
