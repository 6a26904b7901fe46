import {
  DeleteItemCommand,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
  type DynamoDBClient,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { parseJobId, parseUserId } from '@jobs-api/core';
import { awsErrorName, callAws } from '../call-aws.ts';
import type { JobKey } from '../job-key.ts';
import type { DynamoJobStoreOptions } from './dynamo-job-store.ts';
import type { JobItem } from './job-item.ts';
import { PARTITION_KEY, SORT_KEY, SUMMARY_ATTRIBUTES } from './jobs-table.ts';

/**
 * `absent`: there is no record. `empty`: a record with its key and perhaps a status, and no other attribute of a job.
 * An update without a condition leaves such a record when the job was deleted before.
 */
export type RecordState = 'present' | 'empty' | 'absent';

const IN_SUMMARY = SUMMARY_ATTRIBUTES.filter((name) => name !== 'status');
const ATTRIBUTES = [
  ...IN_SUMMARY,
  ...['email', 'objectUuidNames', 'mediaLength', 'failedToProcess', 'filesPath', 'uploadIds'],
];

/** A NULL counts as missing, as it does for the API. */
const isEmpty = (item: JobItem): boolean =>
  ATTRIBUTES.every((name) => item[name] === undefined || item[name].NULL === true);

/** The condition that none of these attributes is there. */
const noneOf = (attributes: readonly string[]) => ({
  expression: attributes
    .map((name) => `(attribute_not_exists(#${name}) OR attribute_type(#${name}, :null))`)
    .join(' AND '),
  names: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
  values: { ':null': { S: 'NULL' } },
});

/** The records of jobs as `--orphans` reads them. */
export class JobRecords {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #indexName: string | undefined;

  constructor(client: DynamoDBClient, { tableName, summaryIndexName }: DynamoJobStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#indexName = summaryIndexName;
  }

  /** Reads the index first, if there is one: its items are small, and most jobs have a record. */
  async stateOf(job: JobKey): Promise<RecordState> {
    if (this.#indexName !== undefined && (await this.#isInIndex(job))) return 'present';
    return this.currentStateOf(job);
  }

  /** Sees every write that has returned. */
  async currentStateOf(job: JobKey): Promise<RecordState> {
    const names = [PARTITION_KEY, ...ATTRIBUTES];
    const command = new GetItemCommand({
      TableName: this.#tableName,
      Key: keyOf(job),
      ConsistentRead: true,
      ProjectionExpression: names.map((name) => `#${name}`).join(', '),
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    });
    const { Item } = await callAws('GetItem', undefined, () => this.#client.send(command));
    if (!Item) return 'absent';
    return isEmpty(Item) ? 'empty' : 'present';
  }

  /** Pages through the empty records of the table. Records whose key no job can have are left out. */
  async *emptyRecords(): AsyncIterable<readonly JobKey[]> {
    // An index has only some of the attributes: an item that is empty there has to be looked up in the table.
    const { expression, names, values } = noneOf(this.#indexName === undefined ? ATTRIBUTES : IN_SUMMARY);
    let position: JobItem | undefined;
    do {
      const command: ScanCommand = new ScanCommand({
        TableName: this.#tableName,
        IndexName: this.#indexName,
        FilterExpression: expression,
        ProjectionExpression: `${PARTITION_KEY}, ${SORT_KEY}`,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
        ExclusiveStartKey: position,
      });
      const page: ScanCommandOutput = await callAws('Scan', undefined, () => this.#client.send(command));
      if (!page.Items) throw new Error('Scan failed: the response is not a list');
      yield page.Items.flatMap(jobKeyOf);
      position = page.LastEvaluatedKey;
    } while (position);
  }

  /** Deletes a record on the condition that it is empty. Returns whether that was so. */
  async deleteIfEmpty(job: JobKey): Promise<boolean> {
    const { expression, names, values } = noneOf(ATTRIBUTES);
    const command = new DeleteItemCommand({
      TableName: this.#tableName,
      Key: keyOf(job),
      ConditionExpression: expression,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    });
    try {
      await callAws('DeleteItem', undefined, () => this.#client.send(command));
      return true;
    } catch (error) {
      if (awsErrorName(error) === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }

  async #isInIndex({ userId, jobId }: JobKey): Promise<boolean> {
    const command = new QueryCommand({
      TableName: this.#tableName,
      IndexName: this.#indexName,
      KeyConditionExpression: `${PARTITION_KEY} = :userId AND ${SORT_KEY} = :jobId`,
      ExpressionAttributeValues: { ':userId': { S: userId }, ':jobId': { N: String(jobId) } },
    });
    const { Items } = await callAws('Query', undefined, () => this.#client.send(command));
    if (!Items) throw new Error('Query failed: the response is not a list');
    return Items.some((item) => !isEmpty(item));
  }
}

const keyOf = ({ userId, jobId }: JobKey) => ({ [PARTITION_KEY]: { S: userId }, [SORT_KEY]: { N: String(jobId) } });

const jobKeyOf = (item: JobItem): JobKey[] => {
  try {
    return [{ userId: parseUserId(item[PARTITION_KEY]?.S), jobId: parseJobId(item[SORT_KEY]?.N) }];
  } catch {
    return [];
  }
};
