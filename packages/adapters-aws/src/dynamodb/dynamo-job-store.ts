import { isDeepStrictEqual } from 'node:util';
import {
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  QueryCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import {
  UnreadableJob,
  type CallOptions,
  type Job,
  type JobId,
  type JobStore,
  type JobSummary,
  type ListOptions,
  type ListRange,
  type UserId,
} from '@jobs-api/core';
import { callAws } from '../call-aws.ts';
import { readJob, readSummary, type JobItem } from './job-item.ts';
import { PARTITION_KEY, SORT_KEY, SUMMARY_ATTRIBUTES } from './jobs-table.ts';
import { tableProblems } from './table-problems.ts';

export interface DynamoJobStoreOptions {
  readonly tableName: string;
  /** The index that a list reads instead of the table, so that it costs only what it shows. */
  readonly summaryIndexName?: string | undefined;
}

// `date` and `status` are reserved words, so every attribute is named by a placeholder.
const LISTED_ATTRIBUTES = [SORT_KEY, ...SUMMARY_ATTRIBUTES];
const PLACEHOLDERS = Object.fromEntries([PARTITION_KEY, ...LISTED_ATTRIBUTES].map((name) => [`#${name}`, name]));
const LIST_PROJECTION = LISTED_ATTRIBUTES.map((name) => `#${name}`).join(', ');

/** Jobs that one call fetches by id at once, each with a query of its own. */
const QUERIES_AT_ONCE = 10;

/** Jobs in a DynamoDB table as `jobs-table.ts` describes it. */
export class DynamoJobStore implements JobStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #summaryIndexName: string | undefined;

  constructor(client: DynamoDBClient, { tableName, summaryIndexName }: DynamoJobStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#summaryIndexName = summaryIndexName;
  }

  async find(userId: UserId, jobId: JobId, { signal }: CallOptions = {}): Promise<Job | undefined> {
    const command = new GetItemCommand({ TableName: this.#tableName, Key: keyOf(userId, jobId), ConsistentRead: true });
    const { Item } = await callAws('GetItem', signal, (options) => this.#client.send(command, options));
    if (Item !== undefined && !isObject(Item)) throw new Error('GetItem failed: the item is not a map of attributes');
    return Item && readJob(userId, Item);
  }

  async *list(
    userId: UserId,
    { order = 'asc', after, sizeHint }: ListRange = {},
    { signal, onUnreadable }: ListOptions = {},
  ): AsyncIterable<readonly JobSummary[]> {
    const isInRange = after === undefined ? '' : ` AND #${SORT_KEY} ${order === 'asc' ? '>' : '<'} :after`;
    let position: JobItem | undefined;
    do {
      const command = new QueryCommand({
        TableName: this.#tableName,
        IndexName: this.#summaryIndexName,
        KeyConditionExpression: `#${PARTITION_KEY} = :userId${isInRange}`,
        ProjectionExpression: LIST_PROJECTION,
        ExpressionAttributeNames: PLACEHOLDERS,
        ExpressionAttributeValues: { ':userId': { S: userId }, ...(after && { ':after': { N: String(after) } }) },
        ScanIndexForward: order === 'asc',
        Limit: sizeHint,
        ExclusiveStartKey: position,
      });
      const { Items, LastEvaluatedKey } = await callAws('Query', signal, (options) =>
        this.#client.send(command, options),
      );
      // A server that ignores the position sends the same page until the deadline.
      if (position && isDeepStrictEqual(LastEvaluatedKey, position))
        throw new Error('Query failed: the list does not advance');
      yield readable(userId, checkedItems(Items), onUnreadable);
      position = LastEvaluatedKey;
    } while (position);
  }

  async listByIds(
    userId: UserId,
    jobIds: readonly JobId[],
    { signal, onUnreadable }: ListOptions = {},
  ): Promise<readonly JobSummary[]> {
    const items: JobItem[] = [];
    for (let start = 0; start < jobIds.length; start += QUERIES_AT_ONCE) {
      const batch = jobIds.slice(start, start + QUERIES_AT_ONCE);
      items.push(...(await Promise.all(batch.map((jobId) => this.#summaryItems(userId, jobId, signal)))).flat());
    }
    return readable(userId, items, onUnreadable);
  }

  /** BatchGetItem cannot read an index, and from the table it costs as much as the whole items. */
  async #summaryItems(userId: UserId, jobId: JobId, signal: AbortSignal | undefined): Promise<readonly JobItem[]> {
    const command = new QueryCommand({
      TableName: this.#tableName,
      IndexName: this.#summaryIndexName,
      KeyConditionExpression: `#${PARTITION_KEY} = :userId AND #${SORT_KEY} = :jobId`,
      ProjectionExpression: LIST_PROJECTION,
      ExpressionAttributeNames: PLACEHOLDERS,
      ExpressionAttributeValues: { ':userId': { S: userId }, ':jobId': { N: String(jobId) } },
    });
    const { Items } = await callAws('Query', signal, (options) => this.#client.send(command, options));
    return checkedItems(Items);
  }

  async delete(userId: UserId, jobId: JobId, { signal }: CallOptions = {}): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#tableName,
      Key: keyOf(userId, jobId),
      // Says whether there was an item. A condition would say so too, but would fail if there was none.
      ReturnValues: 'ALL_OLD',
    });
    const { Attributes } = await callAws('DeleteItem', signal, (options) => this.#client.send(command, options));
    return Attributes !== undefined;
  }

  /**
   * Rejects if the table or the index cannot be used, with all of their problems. Makes one `DescribeTable` call, which
   * must be allowed.
   */
  async check(options: CallOptions = {}): Promise<void> {
    const { table, index } = await this.problems(options);
    const problems = [...table, ...index];
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /**
   * Returns the problems of the table and of the index that a list reads, one sentence each.
   *
   * @throws if `DescribeTable` fails
   */
  async problems({ signal }: CallOptions = {}): Promise<ReturnType<typeof tableProblems>> {
    const command = new DescribeTableCommand({ TableName: this.#tableName });
    const { Table } = await callAws('DescribeTable', signal, (options) => this.#client.send(command, options));
    if (!isObject(Table)) throw new Error('DescribeTable failed: the response has no description of the table');
    return tableProblems(Table, this.#summaryIndexName);
  }
}

/** DynamoDB sends `Items` even if there are none. A response without them must not shorten a list. */
const checkedItems = (items: JobItem[] | undefined): readonly JobItem[] => {
  if (!Array.isArray(items) || !items.every(isObject)) throw new Error('Query failed: the response is not a list');
  return items;
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keyOf = (userId: UserId, jobId: JobId) => ({ [PARTITION_KEY]: { S: userId }, [SORT_KEY]: { N: String(jobId) } });

const readable = (
  userId: UserId,
  items: readonly JobItem[],
  onUnreadable: ListOptions['onUnreadable'],
): readonly JobSummary[] => {
  const summaries: JobSummary[] = [];
  for (const item of items) {
    try {
      summaries.push(readSummary(userId, item));
    } catch (error) {
      if (!(error instanceof UnreadableJob)) throw error;
      onUnreadable?.(error);
    }
  }
  return summaries;
};
