export { describeAuthenticator } from './contracts/authenticator.contract.ts';
export type { AuthenticatorHarness } from './contracts/authenticator.contract.ts';
export { describeJobStore } from './contracts/job-store.contract.ts';
export type { JobStoreHarness } from './contracts/job-store.contract.ts';
export { describeObjectStore } from './contracts/object-store.contract.ts';
export type { Download, ObjectStoreHarness } from './contracts/object-store.contract.ts';
export { savedName } from './contracts/saved-name.ts';
