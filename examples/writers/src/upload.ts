// The uploader: makes a job of the files in a folder.
//   node --import tsx src/upload.ts FOLDER USER [NAME]
import { randomInt, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { bucketName, dynamo, itemKey, JobDeleted, prefixOf, s3, tableName, update } from './job.ts';

/**
 * Never used twice, even if its job was deleted: a program that still works on that job would write into the new one.
 */
const newJobId = (): number => Date.now() * 1000 + randomInt(1000);

/** `2020-01-01 12:00:00.000000000 UTC` */
const timestamp = (date: Date): string => date.toISOString().replace('T', ' ').replace('Z', '000000 UTC');

/** `uuid.ext`. An extension that is not fit for a key is left out. */
const objectUuid = (name: string): string => {
  const extension = extname(name);
  return randomUUID() + (/^\.[A-Za-z0-9]{1,16}$/.test(extension) ? extension : '');
};

const filesIn = async (folder: string) => {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const path = join(folder, name);
      return { name, path, uuid: objectUuid(name), size: (await stat(path)).size };
    }),
  );
};

export const upload = async (folder: string, userId: string, jobName = basename(folder)): Promise<number> => {
  const job = { userId, jobId: newJobId() };
  const files = await filesIn(folder);

  // 1. The record, `pending`: from now on the user sees the job and can delete it.
  const record = new PutItemCommand({
    TableName: tableName,
    Item: {
      ...itemKey(job),
      jobName: { S: jobName },
      date: { S: timestamp(new Date()) },
      contentLength: { N: String(files.reduce((sum, { size }) => sum + size, 0)) },
      creditsSpent: { N: '0' },
      objectUuidNames: { M: Object.fromEntries(files.map(({ uuid, name }) => [uuid, { S: name }])) },
      mediaLength: { M: {} },
      failedToProcess: { M: {} },
      status: { S: 'pending' },
      filesPath: { S: `${userId}/${job.jobId}` },
    },
    ConditionExpression: 'attribute_not_exists(userId)',
  });
  await dynamo.send(record);

  // 2. The files, then the marker `DONE`. Files of more than 5 GB have to be multipart uploads.
  for (const { path, uuid, size } of files) {
    const Body = size === 0 ? Buffer.alloc(0) : createReadStream(path);
    const file = { Bucket: bucketName, Key: prefixOf(job) + uuid, Body, ContentLength: size };
    await s3.send(new PutObjectCommand(file));
  }
  await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: `${prefixOf(job)}DONE`, Body: Buffer.alloc(0) }));

  // 3. The record again, if it is still there.
  await update(job, { status: { S: 'queued' } });
  return job.jobId;
};

const [folder, userId, jobName] = process.argv.slice(2);
if (folder === undefined || userId === undefined) {
  process.stderr.write('Usage: upload.ts FOLDER USER [NAME]\n');
  process.exit(1);
}
try {
  process.stdout.write(`${await upload(folder, userId, jobName)}\n`);
} catch (error) {
  if (!(error instanceof JobDeleted)) throw error;
  process.stdout.write(`${error.message}\n`);
}
