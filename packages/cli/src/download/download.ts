import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pMap from 'p-map';
import { EXIT } from '../exit-code.ts';
import { explain } from '../explain.ts';
import { print, printError, printJson, size } from '../output.ts';
import { startProgress } from '../progress.ts';
import type { Session } from '../session.ts';
import { fetchFile } from './fetch-file.ts';
import { uniqueNames } from './names.ts';
import { STATE, targetOf } from './part.ts';

export interface DownloadOptions {
  readonly to: string;
  readonly results?: boolean;
  readonly names?: boolean;
  readonly concurrency: number;
}

interface Download {
  readonly uuid: string;
  readonly result: 'full' | 'min' | undefined;
  /** Relative to the folder. */
  readonly path: string;
}

const RESULTS = 'results';

/** Downloads all files of a job. A failure of one does not stop the others. */
export const download = async (session: Session, id: number, options: DownloadOptions): Promise<number> => {
  const { jobs, signal, isJson } = session;
  const { to: folder, concurrency } = options;
  const { job_info: job, results } = await jobs.get(id, { signal });
  const downloads = plan(job.object_uuid_names, Object.keys(results), options);
  await mkdir(options.results === true ? join(folder, RESULTS) : folder, { recursive: true });

  const progress = startProgress();
  const bar = progress.add(downloads.length, `0 of ${downloads.length} files`);
  let [bytes, done, failed, unchanged] = [0, 0, 0, 0];
  const show = () => {
    bar.update(done + failed, `${done + failed} of ${downloads.length} files, ${size(bytes)}`);
  };
  const lines: string[] = [];
  const fetchOne = async ({ uuid, result, path }: Download): Promise<void> => {
    const about = { object_uuid: uuid, ...(result && { result }), path: join(folder, path) };
    try {
      const fetched = await fetchFile(targetOf(folder, path, `${id}/${uuid}/${result ?? 'upload'}`), {
        freshLink: async () => (await jobs.objectUrl(id, uuid, { result, signal })).url,
        onBytes: (count) => {
          bytes += count;
          show();
        },
        signal,
      });
      done++;
      if (fetched.state === 'unchanged') unchanged++;
      if (isJson) printJson({ ...about, ...fetched });
    } catch (error) {
      signal.throwIfAborted();
      failed++;
      const { message } = explain(error);
      if (isJson) printJson({ ...about, state: 'failed', error: message });
      else lines.push(`${path} was not downloaded: ${message}`);
    }
    show();
  };
  try {
    await pMap(downloads, fetchOne, { concurrency });
  } finally {
    progress.stop();
    lines.forEach(printError);
  }
  const before = unchanged > 0 ? `, ${unchanged} of them earlier` : '';
  if (!isJson) print(`${done} of ${downloads.length} files are in ${folder}${before}`);
  return failed > 0 ? EXIT.failed : EXIT.ok;
};

const plan = (
  names: Readonly<Record<string, string>>,
  withResults: readonly string[],
  options: Pick<DownloadOptions, 'names' | 'results'>,
): Download[] => {
  const uploads = Object.entries(names).map(([uuid, name]) => ({ uuid, name: options.names === true ? name : uuid }));
  const paths = uniqueNames(uploads, [STATE, RESULTS]);
  const downloads: Download[] = [...paths].map(([uuid, path]) => ({ uuid, result: undefined, path }));
  if (options.results !== true) return downloads;
  const documents = withResults.flatMap((uuid) => {
    const name = paths.get(uuid) ?? uuid;
    return [
      { uuid: `${uuid}/full`, name: `${name}.json` },
      { uuid: `${uuid}/min`, name: `${name}.min.json` },
    ];
  });
  for (const [key, path] of uniqueNames(documents)) {
    const [uuid, result] = key.split('/') as [string, 'full' | 'min'];
    downloads.push({ uuid, result, path: join(RESULTS, path) });
  }
  return downloads;
};
