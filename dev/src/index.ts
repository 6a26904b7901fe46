export { serveJobsPage } from './jobs-page.ts';
export { makeSampleJobs, SAMPLE_USERS } from './sample-jobs.ts';
