import { describeDelete } from '../deletes/describe-delete.ts';

// Around the calls that delete: the last batch of the files, and the record. `pnpm test:faults` tries every call.
describeDelete({ versioned: true, objects: 20, pages: 1, boundaries: [6, 9] });
