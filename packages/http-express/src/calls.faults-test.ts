import { describeFaultsOfCalls } from './faults.suite.ts';

describeFaultsOfCalls();
