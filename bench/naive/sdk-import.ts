/** The least that a function with the SDK loads: both clients, and nothing else. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';

const clients = [new DynamoDBClient({}), new S3Client({})];

export const handler = async (): Promise<object> => ({ statusCode: clients.length === 2 ? 200 : 500, body: '' });
