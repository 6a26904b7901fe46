import { describeBigDelete, describeDelete } from './describe-delete.ts';

describeBigDelete({ objects: 100_000, uploads: 60, growthMb: 60 });
describeDelete({ versioned: false, objects: 1_500, pages: 2 });
describeDelete({ versioned: true, objects: 1_500, pages: 2 });
