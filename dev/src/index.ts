export { makeSampleJobs, SAMPLE_USERS } from './sample-jobs.ts';
