import type { OperationRequest, Operations } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { allowOnly, childText, document, fields, parseXml } from './xml.ts';

const createBucket = async ({ storage, bucket, region, body }: OperationRequest) => {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw new S3Error('InvalidBucketName');
  const xml = await body.buffer();
  if (xml.length > 0) {
    const configuration = parseXml(xml, 'CreateBucketConfiguration');
    allowOnly(configuration, ['LocationConstraint']);
    const location = childText(configuration, 'LocationConstraint') ?? region;
    if (location !== region) throw new S3Error('IllegalLocationConstraintException');
  }
  if (storage.hasBucket(bucket))
    throw new S3Error('BucketAlreadyOwnedByYou', undefined, { details: { BucketName: bucket } });
  storage.commit({ type: 'bucket', bucket });
  return { headers: { location: `/${bucket}` } };
};

const headBucket = ({ storage, bucket, region }: OperationRequest) => {
  storage.bucket(bucket);
  return { headers: { 'x-amz-bucket-region': region } };
};

const deleteBucket = ({ storage, bucket }: OperationRequest) => {
  if (storage.bucket(bucket).objects.size > 0)
    throw new S3Error('BucketNotEmpty', undefined, { details: { BucketName: bucket } });
  storage.commit({ type: 'bucket-removed', bucket });
  return { status: 204 };
};

const putBucketVersioning = async ({ storage, bucket, body }: OperationRequest) => {
  storage.bucket(bucket);
  const configuration = parseXml(await body.buffer(), 'VersioningConfiguration');
  allowOnly(configuration, ['Status']);
  const versioning = childText(configuration, 'Status');
  if (versioning !== 'Enabled' && versioning !== 'Suspended') throw new S3Error('MalformedXML');
  storage.bucket(bucket);
  storage.commit({ type: 'bucket', bucket, versioning });
  return {};
};

const getBucketVersioning = ({ storage, bucket }: OperationRequest) => {
  return { body: document('VersioningConfiguration', fields({ Status: storage.bucket(bucket).versioning })) };
};

const putBucketLifecycle = async ({ storage, bucket, body }: OperationRequest) => {
  storage.bucket(bucket);
  const xml = await body.buffer();
  parseXml(xml, 'LifecycleConfiguration');
  storage.bucket(bucket);
  storage.commit({ type: 'lifecycle', bucket, lifecycle: xml.toString() });
  return {};
};

const getBucketLifecycle = ({ storage, bucket }: OperationRequest) => {
  const { lifecycle } = storage.bucket(bucket);
  if (lifecycle === undefined)
    throw new S3Error('NoSuchLifecycleConfiguration', undefined, { details: { BucketName: bucket } });
  return { body: lifecycle };
};

export const bucketOperations: Operations = {
  CreateBucket: { method: 'PUT', on: 'bucket', run: createBucket },
  HeadBucket: { method: 'HEAD', on: 'bucket', run: headBucket },
  DeleteBucket: { method: 'DELETE', on: 'bucket', run: deleteBucket },
  PutBucketVersioning: { method: 'PUT', on: 'bucket', requires: ['versioning'], run: putBucketVersioning },
  PutBucketLifecycleConfiguration: { method: 'PUT', on: 'bucket', requires: ['lifecycle'], run: putBucketLifecycle },
  GetBucketLifecycleConfiguration: { method: 'GET', on: 'bucket', requires: ['lifecycle'], run: getBucketLifecycle },
  GetBucketVersioning: { method: 'GET', on: 'bucket', requires: ['versioning'], run: getBucketVersioning },
};
