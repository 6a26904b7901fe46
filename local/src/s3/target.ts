import { S3Error } from './s3-error.ts';
import { decodeUri } from './uri.ts';

/** Bucket and key of a request, read from its raw target and never normalised, so that no two keys become one. */
export interface Target {
  readonly rawPath: string;
  readonly rawParameters: readonly (readonly [name: string, value: string])[];
  /** Empty if the request names none. */
  readonly bucket: string;
  /** Empty if the request is about the bucket. */
  readonly key: string;
  /** The query, decoded once; a name without a value has an empty one. */
  readonly parameters: ReadonlyMap<string, string>;
}

export const parseTarget = (url: string): Target => {
  const [rawPath = '', rawQuery = ''] = url.split(/\?(.*)/s);
  // An absolute URL or an asterisk, which HTTP allows here.
  if (!rawPath.startsWith('/')) throw new S3Error('InvalidURI');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(rawPath) ?? [];

  const rawParameters = rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      return [name, value];
    });
  const parameters = new Map(rawParameters.map(([name, value]) => [decodeUri(name), decodeUri(value)]));
  if (parameters.size < rawParameters.length) throw new S3Error('InvalidArgument', 'A query parameter is given twice.');
  return { rawPath, rawParameters, bucket: decodeUri(bucket), key: decodeUri(key), parameters };
};
