import { commonPrefix, groupOf, keyEncoding } from './list-keys.ts';
import { pageSize, type OperationRequest } from './operation.ts';
import { compareKeys } from './sorted-map.ts';
import { document, element, fields } from './xml.ts';

export function listMultipartUploads({ storage, bucket, parameters }: OperationRequest) {
  const prefix = parameters.get('prefix') ?? '';
  const delimiter = parameters.get('delimiter') ?? '';
  const keyMarker = parameters.get('key-marker') ?? '';
  const idMarker = parameters.get('upload-id-marker') ?? '';
  const encode = keyEncoding(parameters);
  const limit = pageSize(parameters, 'max-uploads');

  const isPast = (key: string, id: string) =>
    compareKeys(key, keyMarker) > 0 || (key === keyMarker && idMarker !== '' && id > idMarker);
  const uploads = [...storage.bucket(bucket).uploads.values()]
    .filter(({ key, id }) => key.startsWith(prefix) && isPast(key, id))
    .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.id, b.id))
    .map((upload) => ({ ...upload, group: groupOf(upload.key, prefix, delimiter) }))
    // The marker is a common prefix if the page before ended with one.
    .filter(({ group }, i, all) => group === undefined || (group !== keyMarker && group !== all[i - 1]?.group));
  const page = uploads.slice(0, limit);
  const last = uploads.length > page.length ? page.at(-1) : undefined;

  return {
    body: document('ListMultipartUploadsResult', [
      ...fields({
        Bucket: bucket,
        Prefix: encode(prefix),
        KeyMarker: encode(keyMarker),
        UploadIdMarker: idMarker,
        Delimiter: delimiter === '' ? undefined : encode(delimiter),
        MaxUploads: limit,
        EncodingType: parameters.get('encoding-type'),
        IsTruncated: last !== undefined,
        NextKeyMarker: last && encode(last.group ?? last.key),
        NextUploadIdMarker: last?.group === undefined ? last?.id : undefined,
      }),
      ...page.map(({ key, id, initiated, group }) =>
        group === undefined
          ? element(
              'Upload',
              fields({ Key: encode(key), UploadId: id, Initiated: initiated, StorageClass: 'STANDARD' }),
            )
          : commonPrefix(encode(group)),
      ),
    ]),
  };
}
