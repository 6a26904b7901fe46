import { describeContractOn } from '../harness/real-s3.ts';

describeContractOn('RADOS Gateway');
