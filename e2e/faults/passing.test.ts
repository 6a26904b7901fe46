import { describeCrowd, describeFaultsThatPass } from './describe-faults.ts';

describeFaultsThatPass();
describeCrowd();
