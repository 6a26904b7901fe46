import { describeFaultsOfCalls } from './describe-faults.ts';

describeFaultsOfCalls();
