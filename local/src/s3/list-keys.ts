import { S3Error } from './s3-error.ts';
import { encodeForList } from './uri.ts';
import { element, fields } from './xml.ts';

/** Returns the common prefix that stands for a key, if the delimiter is in the key after the prefix of the list. */
export function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return end === -1 ? undefined : key.slice(0, end + delimiter.length);
}

export const commonPrefix = (encoded: string) => element('CommonPrefixes', fields({ Prefix: encoded }));

export function keyEncoding(parameters: ReadonlyMap<string, string>): (key: string) => string {
  switch (parameters.get('encoding-type')) {
    case undefined:
      return (key) => key;
    case 'url':
      return encodeForList;
    default:
      throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
}
