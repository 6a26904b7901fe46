export { MemoryAuthenticator } from './testing/memory-authenticator.ts';
export type { JobRecord } from './testing/memory-job-store.ts';
export { MemoryJobStore } from './testing/memory-job-store.ts';
export { MemoryObjectStore } from './testing/memory-object-store.ts';
