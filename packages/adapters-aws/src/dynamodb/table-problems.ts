import type { KeySchemaElement, Projection, TableDescription } from '@aws-sdk/client-dynamodb';
import { PARTITION_KEY, SORT_KEY, SUMMARY_ATTRIBUTES } from './jobs-table.ts';

/** States of a table or an index that can be used. It works as usual while it is updated. */
const IN_SERVICE: readonly unknown[] = ['ACTIVE', 'UPDATING'];

/**
 * Returns the problems of a table and its index, one sentence each; none if they are as `jobs-table.ts` describes them.
 * DynamoDB refuses to list an index that lacks an attribute. A compatible server may list it without the attribute.
 */
export const tableProblems = (
  { TableStatus, KeySchema, AttributeDefinitions, GlobalSecondaryIndexes = [] }: TableDescription,
  summaryIndexName: string | undefined,
): { readonly table: readonly string[]; readonly index: readonly string[] } => {
  const table: string[] = [];
  if (!IN_SERVICE.includes(TableStatus)) table.push(`the table is ${TableStatus}, not ACTIVE`);
  const types = new Map(
    AttributeDefinitions?.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
  );
  const isTyped = types.get(PARTITION_KEY) === 'S' && types.get(SORT_KEY) === 'N';
  if (!hasJobKey(KeySchema) || !isTyped) table.push(`the table's key is not ${JOB_KEY}`);
  if (summaryIndexName === undefined) return { table, index: [] };

  const found = GlobalSecondaryIndexes.find(({ IndexName }) => IndexName === summaryIndexName);
  if (!found) return { table, index: [`the table has no global secondary index ${summaryIndexName}`] };
  const index: string[] = [];
  if (!IN_SERVICE.includes(found.IndexStatus))
    index.push(`the index ${summaryIndexName} is ${found.IndexStatus}, not ACTIVE`);
  if (!hasJobKey(found.KeySchema)) index.push(`the key of the index ${summaryIndexName} is not ${JOB_KEY}`);
  const lacking = SUMMARY_ATTRIBUTES.filter((attribute) => !projects(found.Projection, attribute));
  if (lacking.length > 0)
    index.push(`the index ${summaryIndexName} does not project ${lacking.join(', ')}, which a list shows`);
  return { table, index };
};

const JOB_KEY = `${PARTITION_KEY} (S), ${SORT_KEY} (N)`;

const hasJobKey = (schema: readonly KeySchemaElement[] = []): boolean =>
  schema.length === 2 &&
  schema.some(({ AttributeName, KeyType }) => AttributeName === PARTITION_KEY && KeyType === 'HASH') &&
  schema.some(({ AttributeName, KeyType }) => AttributeName === SORT_KEY && KeyType === 'RANGE');

const projects = ({ ProjectionType, NonKeyAttributes = [] }: Projection = {}, attribute: string): boolean =>
  ProjectionType === 'ALL' || (ProjectionType === 'INCLUDE' && NonKeyAttributes.includes(attribute));
