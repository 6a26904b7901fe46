import { describeCrowd, describeFaultsThatPass } from './faults.suite.ts';

describeFaultsThatPass();
describeCrowd();
