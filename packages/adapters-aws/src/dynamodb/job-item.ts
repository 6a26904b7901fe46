import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  describeStatus,
  parseJobId,
  UnreadableJob,
  type Job,
  type JobId,
  type JobSummary,
  type UserId,
} from '@jobs-api/core';

export type JobItem = Readonly<Record<string, AttributeValue>>;

const WHOLE = /^[0-9]+$/;
const DECIMAL = /^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/**
 * Reads the attributes of one item. Other programs write it, so an attribute may be missing or `NULL`. It then has a
 * neutral value. An attribute of a wrong type or out of range makes the item unreadable.
 */
class ItemReader {
  readonly #userId: UserId;
  readonly #item: JobItem;

  constructor(userId: UserId, item: JobItem) {
    this.#userId = userId;
    this.#item = item;
  }

  jobId(): JobId {
    try {
      return parseJobId(this.#item.jobId?.N);
    } catch {
      return this.#refuse('jobId', 'a whole number from 1 to 9007199254740991');
    }
  }

  text(name: string): string | null {
    const value = this.#valueOf(name);
    return value === undefined ? null : (textOf(value) ?? this.#refuse(name, 'a string'));
  }

  wholeNumber(name: string): number {
    const value = this.#valueOf(name);
    if (value === undefined) return 0;
    const number = WHOLE.test(value.N ?? '') ? Number(value.N) : NaN;
    return Number.isSafeInteger(number) ? number : this.#refuse(name, 'a whole number from 0 to 9007199254740991');
  }

  amount(name: string): number {
    const value = this.#valueOf(name);
    return value === undefined ? 0 : (amountOf(value.N) ?? this.#refuse(name, 'a finite number, 0 or more'));
  }

  texts(name: string): Record<string, string> {
    return this.#map(name, 'a map of strings', textOf);
  }

  /** Lengths are numbers, or numbers that were stored as strings. */
  lengths(name: string): Record<string, number> {
    return this.#map(name, 'a map of finite numbers, 0 or more', ({ N, S }) => amountOf(N ?? S));
  }

  #map<Value>(
    name: string,
    expected: string,
    read: (value: AttributeValue) => Value | undefined,
  ): Record<string, Value> {
    const value = this.#valueOf(name);
    const map = value === undefined ? {} : (value.M ?? this.#refuse(name, expected));
    // An object without a prototype, because a name may be `__proto__`. V8 also prepares such an object for thousands
    // of names.
    const values = Object.create(null) as Record<string, Value>;
    for (const [key, entry] of Object.entries(map)) {
      const attribute = attributeOf(entry);
      if (!attribute.NULL) values[key] = read(attribute) ?? this.#refuse(name, expected);
    }
    return values;
  }

  /** Many writers store `NULL` for what they do not know (boto3 for `None`, `marshall` for `null`). */
  #valueOf(name: string): AttributeValue | undefined {
    const value = this.#item[name];
    const attribute = value === undefined ? undefined : attributeOf(value);
    return attribute?.NULL ? undefined : attribute;
  }

  #refuse(name: string, expected: string): never {
    throw new UnreadableJob(this.#userId, this.#item.jobId?.N ?? 'without a number', `${name} is not ${expected}`);
  }
}

/** A faulty server may send `null` in place of an attribute. It is read as an attribute of another type. */
const attributeOf = (value: AttributeValue | null): AttributeValue => value ?? ({} as AttributeValue);

const textOf = ({ S }: AttributeValue): string | undefined => (typeof S === 'string' ? S : undefined);

const amountOf = (text = ''): number | undefined => {
  const number = DECIMAL.test(text) ? Number(text) : NaN;
  return Number.isFinite(number) ? number : undefined;
};

const summary = (item: ItemReader): JobSummary => ({
  jobId: item.jobId(),
  jobName: item.text('jobName'),
  date: item.text('date'),
  totalSize: item.wholeNumber('contentLength'),
  creditsSpent: item.amount('creditsSpent'),
  status: describeStatus(item.text('status') ?? undefined),
});

/** @throws UnreadableJob */
export const readSummary = (userId: UserId, item: JobItem): JobSummary => summary(new ItemReader(userId, item));

/** @throws UnreadableJob */
export const readJob = (userId: UserId, item: JobItem): Job => {
  const reader = new ItemReader(userId, item);
  return {
    userId,
    ...summary(reader),
    email: reader.text('email'),
    objectUuidNames: reader.texts('objectUuidNames'),
    mediaLength: reader.lengths('mediaLength'),
    failedToProcess: reader.texts('failedToProcess'),
  };
};
