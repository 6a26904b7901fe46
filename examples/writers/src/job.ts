// Shared by both writers: the keys of a job, updates that never bring a deleted job back, and cleaning up.
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  NoSuchUpload,
  S3Client,
} from '@aws-sdk/client-s3';

export const dynamo = new DynamoDBClient();
export const s3 = new S3Client({ forcePathStyle: process.env.S3_FORCE_PATH_STYLE === 'true' });
export const tableName = process.env.JOBS_TABLE;
export const bucketName = process.env.JOBS_BUCKET;

/** The job was deleted while a writer worked on it. Everything that the writer has written is deleted, too. */
export class JobDeleted extends Error {}

export interface JobKey {
  readonly userId: string;
  readonly jobId: number;
}

export const itemKey = ({ userId, jobId }: JobKey) => ({ userId: { S: userId }, jobId: { N: String(jobId) } });

/** The start of the keys of all files of a job. The slash at the end keeps job 1 apart from job 10. */
export const prefixOf = ({ userId, jobId }: JobKey): string => `${userId}/${jobId}/`;

/**
 * Sets attributes of the record, on the condition that it is still there: an update without the condition would make a
 * new record and so bring a deleted job back. If the record is gone, deletes the job's files and throws.
 *
 * A writer calls this after it has written files. Files that arrived after the delete are then never left behind.
 */
export const update = async (job: JobKey, attributes: Readonly<Record<string, AttributeValue>>): Promise<void> => {
  const names = Object.keys(attributes);
  const command = new UpdateItemCommand({
    TableName: tableName,
    Key: itemKey(job),
    UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
    ConditionExpression: 'attribute_exists(userId)',
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(
      names.map((name) => [`:${name}`, attributes[name] ?? { NULL: true }]),
    ),
  });
  try {
    await dynamo.send(command);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    await removeFiles(job);
    throw new JobDeleted(`job ${job.jobId} was deleted`);
  }
};

/** Deletes every version, delete marker and unfinished upload of a job, until a pass finds nothing. */
const removeFiles = async (job: JobKey): Promise<void> => {
  const query = { Bucket: bucketName, Prefix: prefixOf(job) };
  for (;;) {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand(query));
    for (const { Key, UploadId } of Uploads) {
      const abort = new AbortMultipartUploadCommand({ Bucket: bucketName, Key, UploadId });
      await s3.send(abort).catch((error: unknown) => {
        if (!(error instanceof NoSuchUpload)) throw error;
      });
    }
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand(query));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Uploads.length + Objects.length === 0) return;
    if (Objects.length === 0) continue;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects } }));
    const [refused] = Errors.filter(({ Code }) => Code !== 'NoSuchVersion' && Code !== 'NoSuchKey');
    if (refused) throw new Error(`${refused.Key} was not deleted: ${refused.Code}`);
  }
};
