import { describeDeletesOn } from '../harness/real-s3.ts';

describeDeletesOn('RADOS Gateway');
