import { describeDeletesOn } from '../harness/real-s3.ts';

describeDeletesOn('OpenStack Swift');
