import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { JobRecord } from '@jobs-api/core/testing';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_BATCH = 25;

/** Definition of a table of jobs, as CreateTable takes it. */
export type TableDefinition = CreateTableCommandInput & { readonly TableName: string };

/** The table of jobs, as the programs that write to it use it. */
export class JobsTable {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly #definition: TableDefinition;

  constructor(client: DynamoDBClient, definition: TableDefinition) {
    this.client = client;
    this.tableName = definition.TableName;
    this.#definition = definition;
  }

  /** Creates the table if it does not exist. Returns whether it is new. */
  async create(): Promise<boolean> {
    try {
      await this.client.send(new CreateTableCommand(this.#definition));
      return true;
    } catch (error) {
      if (error instanceof ResourceInUseException) return false;
      throw error;
    }
  }

  /** Creates another table, whose index has only the keys. */
  async createLean(tableName: string): Promise<void> {
    const { GlobalSecondaryIndexes = [], ...definition } = this.#definition;
    const Projection = { ProjectionType: 'KEYS_ONLY' as const };
    const indexes = GlobalSecondaryIndexes.map((index) => ({ ...index, Projection }));
    const lean = { ...definition, TableName: tableName, GlobalSecondaryIndexes: indexes };
    await this.client.send(new CreateTableCommand(lean));
  }

  async put(record: JobRecord): Promise<void> {
    await this.putItem(itemOf(record));
  }

  async putMany(records: readonly JobRecord[]): Promise<void> {
    for (let start = 0; start < records.length; start += MAX_BATCH) {
      const requests = records
        .slice(start, start + MAX_BATCH)
        .map((record) => ({ PutRequest: { Item: itemOf(record) } }));
      await this.client.send(new BatchWriteItemCommand({ RequestItems: { [this.tableName]: requests } }));
    }
  }

  /** Stores a record whose size is not a number. */
  async putUnreadable(userId: string, jobId: number): Promise<void> {
    await this.putItem({ ...itemOf({ userId, jobId }), contentLength: { S: 'much' } });
  }

  async putItem(item: Record<string, AttributeValue>): Promise<void> {
    await this.client.send(new PutItemCommand({ TableName: this.tableName, Item: item }));
  }

  /** Returns id and name of every job of a user, by ascending id. */
  async jobNames(userId: string): Promise<[jobId: number, jobName: string | undefined][]> {
    const command = new QueryCommand({ TableName: this.tableName, ...ofUser(userId), ConsistentRead: true });
    const { Items = [] } = await this.client.send(command);
    return Items.map(({ jobId, jobName }) => [Number(jobId?.N), jobName?.S]);
  }

  /** Returns the highest job id of the user, or 0 if there is none. */
  async lastJobId(userId: string): Promise<number> {
    const command = new QueryCommand({
      TableName: this.tableName,
      ...ofUser(userId),
      ScanIndexForward: false,
      Limit: 1,
    });
    const { Items } = await this.client.send(command);
    return Number(Items?.[0]?.jobId?.N ?? 0);
  }

  /** Sets a status without a condition, which makes a record if there is none. No program should do this. */
  async setStatusCarelessly(userId: string, jobId: number, status: string): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: this.tableName,
      Key: keyOf(userId, jobId),
      UpdateExpression: 'SET #status = :status',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': { S: status } },
    });
    await this.client.send(command);
  }

  async delete(userId: string, jobId: number): Promise<void> {
    await this.client.send(new DeleteItemCommand({ TableName: this.tableName, Key: keyOf(userId, jobId) }));
  }

  /** The keys of all records, up to 1 MB of them, as `userId/jobId`. */
  async keys(): Promise<readonly string[]> {
    const { Items = [] } = await this.client.send(new ScanCommand({ TableName: this.tableName }));
    return Items.map(({ userId, jobId }) => `${userId?.S}/${jobId?.N}`).sort();
  }

  async has(userId: string, jobId: number): Promise<boolean> {
    const command = new GetItemCommand({
      TableName: this.tableName,
      Key: keyOf(userId, jobId),
      ConsistentRead: true,
    });
    return (await this.client.send(command)).Item !== undefined;
  }
}

const keyOf = (userId: string, jobId: number) => ({ userId: { S: userId }, jobId: { N: String(jobId) } });

const ofUser = (userId: string) => ({
  KeyConditionExpression: 'userId = :userId',
  ExpressionAttributeValues: { ':userId': { S: userId } },
});

const map = <Value>(entries: Readonly<Record<string, Value>>, toAttribute: (value: Value) => AttributeValue) => ({
  M: Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, toAttribute(value)])),
});
const text = (value: string): AttributeValue => ({ S: value });
const number = (value: number): AttributeValue => ({ N: String(value) });

/** Returns the item of a record. Fields that the record lacks are left out. */
const itemOf = (record: JobRecord): Record<string, AttributeValue> => ({
  userId: text(record.userId),
  jobId: number(record.jobId),
  filesPath: text(`${record.userId}/${record.jobId}`),
  ...(record.jobName && { jobName: text(record.jobName) }),
  ...(record.date && { date: text(record.date) }),
  ...(record.email && { email: text(record.email) }),
  ...(record.totalSize !== undefined && { contentLength: number(record.totalSize) }),
  ...(record.creditsSpent !== undefined && { creditsSpent: number(record.creditsSpent) }),
  ...(record.objectUuidNames && { objectUuidNames: map(record.objectUuidNames, text) }),
  ...(record.mediaLength && { mediaLength: map(record.mediaLength, number) }),
  ...(record.failedToProcess && { failedToProcess: map(record.failedToProcess, text) }),
  ...(record.status !== undefined && { status: text(record.status) }),
});
