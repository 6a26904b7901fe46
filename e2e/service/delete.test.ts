import { describeDelete } from '../deletes/describe-delete.ts';

// Disturbs the calls that delete: the last batch of files, and the record. `pnpm test:faults` disturbs every call.
describeDelete({ versioned: true, objects: 20, pages: 1, boundaries: [6, 9] });
