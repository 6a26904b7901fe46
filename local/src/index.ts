export { startLocalDynamo, type LocalDynamo } from './dynamodb.ts';
export { download, JobsBucket } from './jobs-bucket.ts';
export { JobsTable } from './jobs-table.ts';
export { makeJob, type JobFile } from './make-job.ts';
export { newId } from './s3/operation.ts';
export { startLocalS3, type LocalS3, type LocalS3Options } from './s3/server.ts';
export { Storage, type Version } from './s3/storage.ts';
export { startLocalStack, type LocalStack } from './stack.ts';
export { startTokenIssuer, type TokenIssuer, type TokenIssuerOptions } from './token-issuer.ts';
