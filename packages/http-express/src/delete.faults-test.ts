import { describeDelete } from './delete.suite.ts';

describeDelete({ versioned: false, objects: 1_500, pages: 2 });
describeDelete({ versioned: true, objects: 1_500, pages: 2 });
