import { describeOrphansOn } from '../harness/describe-orphans.ts';

describeOrphansOn('RADOS Gateway');
