import type { LifecycleRule } from '@aws-sdk/client-s3';
import { ok, warning, type CheckOutcome } from './finding.ts';

/** Storage classes from which a link does not download until the object is restored. */
const ARCHIVES: readonly (string | undefined)[] = ['GLACIER', 'DEEP_ARCHIVE'];

/**
 * Checks the rules of a bucket. A rule for one prefix concerns a few users at most, so it neither fails nor passes the
 * check. A rule for tags or sizes may concern any file.
 */
export const checkLifecycle = (rules: readonly LifecycleRule[], isVersioned: boolean): CheckOutcome => {
  const enabled = rules.filter(({ Status }) => Status === 'Enabled');
  const forAnyUser = enabled.filter((rule) => prefixOf(rule) === '');
  const forEveryFile = forAnyUser.filter((rule) => !isNarrow(rule));
  const problems: string[] = [];

  const expiring = forAnyUser.filter(
    ({ Expiration }) => Expiration?.Days !== undefined || Expiration?.Date !== undefined,
  );
  if (expiring.length > 0) problems.push(`${namesOf(expiring)} deletes files whose jobs are still listed: remove it.`);
  const archiving = forAnyUser.filter(({ Transitions = [] }) =>
    Transitions.some(({ StorageClass }) => ARCHIVES.includes(StorageClass)),
  );
  if (archiving.length > 0)
    problems.push(`${namesOf(archiving)} moves files to an archive, and links to them fail: use GLACIER_IR instead.`);
  if (!forEveryFile.some(({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload))
    problems.push(
      'Uploads that were never completed are kept, and paid for: add a rule for the whole bucket with AbortIncompleteMultipartUpload.',
    );
  if (isVersioned && !forEveryFile.some(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration))
    problems.push(
      'Older versions are kept, and paid for: add a rule for the whole bucket with NoncurrentVersionExpiration.',
    );
  const forOnePrefix = enabled.filter((rule) => prefixOf(rule) !== '');
  const ignored = forOnePrefix.length > 0 ? ` Not counted, since it is for one prefix: ${namesOf(forOnePrefix)}.` : '';
  return problems.length > 0
    ? warning(problems.join(' ') + ignored)
    : ok(`Files are kept, and uploads that were never completed are removed.${ignored}`);
};

const namesOf = (rules: readonly LifecycleRule[]): string =>
  rules.map((rule) => `the rule ${rule.ID}${prefixOf(rule) === '' ? '' : ` (${prefixOf(rule)})`}`).join(', ');

const prefixOf = (rule: LifecycleRule): string => {
  // Old rules have the prefix beside the filter.
  const { Filter, Prefix = '' } = rule as Pick<LifecycleRule, 'Filter'> & { readonly Prefix?: string };
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix;
};

const isNarrow = ({ Filter }: LifecycleRule): boolean =>
  Filter !== undefined &&
  [Filter, Filter.And].some(
    (filter) =>
      filter &&
      ('Tag' in filter || 'Tags' in filter || 'ObjectSizeGreaterThan' in filter || 'ObjectSizeLessThan' in filter),
  );
