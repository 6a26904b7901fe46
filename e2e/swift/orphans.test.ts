import { describeOrphansOn } from '../harness/describe-orphans.ts';

describeOrphansOn('OpenStack Swift');
