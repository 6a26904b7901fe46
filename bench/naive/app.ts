/**
 * The baseline: the same four routes as a good developer in a hurry writes them, with Express, the SDK's document client,
 * `getSignedUrl` and AWS's token verifier. Clients are made once and keep their connections. Calls that do not
 * depend on each other are sent at once. A list names the attributes that it shows.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteObjectsCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import express, { type NextFunction, type Request, type Response } from 'express';

const {
  JOBS_TABLE: TableName,
  JOBS_BUCKET: Bucket,
  S3_FORCE_PATH_STYLE: forcePathStyle,
  JWT_ISSUER: issuer = '',
  JWT_AUDIENCE: audience = '',
  JWT_JWKS_URI: jwksUri = '',
} = process.env;

const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const s3 = new S3Client({ forcePathStyle: forcePathStyle === 'true' });
// The library's own fetcher accepts https only. The token issuer on loopback has http.
const fetcher = { fetch: (uri: string) => fetch(uri).then((response) => response.arrayBuffer()) };
const verifier = JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache: new SimpleJwksCache({ fetcher }) });

interface StoredJob {
  jobId: number;
  jobName?: string;
  date?: string;
  contentLength?: number;
  creditsSpent?: number;
  email?: string;
  objectUuidNames?: Record<string, string>;
  mediaLength?: Record<string, number>;
  failedToProcess?: Record<string, string>;
  status: string;
}

const MEANINGS: Record<string, string> = {
  pending: 'Waiting for all files to be uploaded',
  queued: 'Job is waiting to be processed',
  processing: 'Job is being processed',
  success: 'Job completed successfully',
  success_credits_restored: 'Job completed; credits for the files that failed were restored',
  success_credits_not_restored: 'Job completed; credits for the files that failed could not be restored',
  failed_size_mismatch: 'Job rejected: the uploaded files do not match what was announced',
  failed_requeued: 'Job failed and was queued again',
  failed_critical: 'Job failed; the team was informed',
};

const signedUrl = (Key: string) => getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 3600 });

const authenticate = async (req: Request, res: Response, next: NextFunction) => {
  try {
    const payload = await verifier.verify((req.headers.authorization ?? '').replace(/^Bearer /i, ''));
    res.locals.userId = payload.sub;
  } catch {
    res.status(401).json({ message: 'Unauthorized' });
    return;
  }
  next();
};

const jobIdOf = (req: Request, res: Response): number | undefined => {
  const jobId = Number(req.query['job-id']);
  if (Number.isInteger(jobId) && jobId > 0) return jobId;
  const message = 'The job-id query parameter is missing';
  res.status(400).json({ message, affected_query_parameter: 'job-id: number' });
  return undefined;
};

export const app = express();
const router = express.Router();

router.get('/list', async (_req, res) => {
  const jobs: object[] = [];
  const pages = paginateQuery(
    { client: dynamo },
    {
      TableName,
      KeyConditionExpression: 'userId = :userId',
      ExpressionAttributeValues: { ':userId': res.locals.userId as string },
      ProjectionExpression: 'jobId, jobName, #date, contentLength, creditsSpent, #status',
      ExpressionAttributeNames: { '#date': 'date', '#status': 'status' },
    },
  );
  for await (const page of pages) {
    for (const item of (page.Items ?? []) as StoredJob[]) {
      jobs.push({
        job_id: item.jobId,
        job_name: item.jobName,
        date: item.date,
        total_size: item.contentLength,
        credits_spent: item.creditsSpent,
        status: item.status,
        status_meaning: MEANINGS[item.status] ?? 'Unknown status',
      });
    }
  }
  res.json({ jobs });
});

router.get('/get', async (req, res) => {
  const userId = res.locals.userId as string;
  const jobId = jobIdOf(req, res);
  if (jobId === undefined) return;
  const { Item } = await dynamo.send(new GetCommand({ TableName, Key: { userId, jobId } }));
  if (!Item) {
    res.status(404).json({ message: 'The job does not exist', affected_query_parameter: 'job-id: number' });
    return;
  }
  const job = Item as StoredJob;
  const { objectUuidNames = {}, failedToProcess = {} } = job;
  const processed = job.status.startsWith('success')
    ? Object.keys(objectUuidNames).filter((uuid) => !(uuid in failedToProcess))
    : [];
  const results = await Promise.all(
    processed.map(async (uuid) => {
      const path = `${userId}/${jobId}/results/${uuid}`;
      const [full, min] = await Promise.all([signedUrl(`${path}.json`), signedUrl(`${path}.min.json`)]);
      return [uuid, { full, min }];
    }),
  );
  res.json({
    job_info: {
      user_id: userId,
      job_id: jobId,
      job_name: job.jobName,
      date: job.date,
      total_size: job.contentLength,
      credits_spent: job.creditsSpent,
      email: job.email,
      object_uuid_names: objectUuidNames,
      media_length: job.mediaLength,
      failed_to_process: failedToProcess,
      status: job.status,
    },
    results: Object.fromEntries(results) as object,
  });
});

router.get('/get-object-url', async (req, res) => {
  const jobId = jobIdOf(req, res);
  if (jobId === undefined) return;
  const object = req.query['object-uuid'];
  if (typeof object !== 'string' || object === '') {
    const message = 'The object-uuid query parameter is missing';
    res.status(400).json({ message, affected_query_parameter: 'object-uuid: string' });
    return;
  }
  res.json({ url: await signedUrl(`${res.locals.userId as string}/${jobId}/${object}`) });
});

router.delete('/delete', async (req, res) => {
  const userId = res.locals.userId as string;
  const jobId = jobIdOf(req, res);
  if (jobId === undefined) return;
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: `${userId}/${jobId}/` })) {
    const Objects = (page.Contents ?? []).map(({ Key }) => ({ Key }));
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
  await dynamo.send(new DeleteCommand({ TableName, Key: { userId, jobId } }));
  res.json({ message: 'Ok' });
});

app.use('/api/v1/jobs', authenticate, router);
app.use((_error: unknown, _req: Request, res: Response, _next: NextFunction) => {
  res.status(500).json({ message: 'Internal server failure message' });
});
