// The processor: makes a result of each file of a job. It can be killed at any moment and started again for the same job.
//   node --import tsx src/process.ts USER JOB_ID
import { createHash } from 'node:crypto';
import { GetItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, NoSuchKey, PutObjectCommand } from '@aws-sdk/client-s3';
import { bucketName, dynamo, itemKey, JobDeleted, prefixOf, s3, tableName, update, type JobKey } from './job.ts';

/** The work itself. A program that makes something useful of a file does it here. */
const makeResult = async (bytes: AsyncIterable<Uint8Array>) => {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    size += chunk.length;
  }
  if (size === 0) throw new Error('the file is empty');
  return { size, sha256: hash.digest('hex') };
};

const processFile = async (job: JobKey, uuid: string): Promise<number> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: prefixOf(job) + uuid }));
  const result = await makeResult(Body as AsyncIterable<Uint8Array>);
  for (const [suffix, text] of [
    ['.json', JSON.stringify(result, null, 2)],
    ['.min.json', JSON.stringify(result)],
  ] as const) {
    const Key = `${prefixOf(job)}results/${uuid}${suffix}`;
    await s3.send(new PutObjectCommand({ Bucket: bucketName, Key, Body: text, ContentType: 'application/json' }));
  }
  return result.size;
};

export const processJob = async (job: JobKey): Promise<string> => {
  // Also when it was killed and is started again for a job that was deleted meanwhile: then this cleans up.
  await update(job, { status: { S: 'processing' } });
  const query = new GetItemCommand({ TableName: tableName, Key: itemKey(job), ConsistentRead: true });
  const uuids = Object.keys((await dynamo.send(query)).Item?.objectUuidNames?.M ?? {});

  const mediaLength: Record<string, AttributeValue> = {};
  const failedToProcess: Record<string, AttributeValue> = {};
  for (const [index, uuid] of uuids.entries()) {
    try {
      mediaLength[uuid] = { N: String(await processFile(job, uuid)) };
    } catch (error) {
      // The job of a missing file may be being deleted: the next update finds out.
      if (!(error instanceof NoSuchKey) && !String(error).includes('empty')) throw error;
      failedToProcess[uuid] = { S: error instanceof NoSuchKey ? 'the file is missing' : 'the file is empty' };
    }
    // After the files of each result, so that a job that was deleted meanwhile is noticed here.
    const percent = Math.floor(((index + 1) / uuids.length) * 100);
    await update(job, { status: { S: `processing...${percent}%` } });
  }

  const processed = Object.keys(mediaLength).length;
  const status = processed === 0 ? 'failed_critical' : 'success';
  await update(job, {
    mediaLength: { M: mediaLength },
    failedToProcess: { M: failedToProcess },
    creditsSpent: { N: String(processed) },
    status: { S: status },
  });
  return status;
};

const [userId, jobId] = process.argv.slice(2);
if (userId === undefined || jobId === undefined) {
  process.stderr.write('Usage: process.ts USER JOB_ID\n');
  process.exit(1);
}
try {
  process.stdout.write(`${await processJob({ userId, jobId: Number(jobId) })}\n`);
} catch (error) {
  if (!(error instanceof JobDeleted)) throw error;
  process.stdout.write(`${error.message}\n`);
}
