import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Folder, inside that of the downloads, with incomplete files and the versions of complete ones. */
export const STATE = '.jobs-api';

/** A file that is being downloaded. */
export interface DownloadTarget {
  /** Path of the complete file. */
  readonly path: string;
  /** Folder with what earlier runs and attempts have downloaded of it, and with its version. */
  readonly state: string;
}

/** @param identity names the job and the object. Each file of the folder has another one. */
export const targetOf = (folder: string, name: string, identity: string): DownloadTarget => ({
  path: join(folder, name),
  state: join(folder, STATE, hash(identity)),
});

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 20);

/** Returns the path of a file of the state. Its name is made of the version, so that two versions are never mixed. */
const stateFile = ({ state }: DownloadTarget, etag: string, kind: 'part' | 'done'): string =>
  join(state, `${hash(etag)}.${kind}`);

const sizeOf = async (path: string): Promise<number | undefined> => {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true ? stats.size : undefined;
};

const namesIn = ({ state }: DownloadTarget): Promise<string[]> => readdir(state).catch(() => []);

/** Creates the part of a version if there is none yet. Returns its path, and how many bytes of it there are. */
export const openPart = async (target: DownloadTarget, etag: string): Promise<{ path: string; size: number }> => {
  const path = stateFile(target, etag, 'part');
  await mkdir(target.state, { recursive: true });
  const size = await sizeOf(path);
  if (size === undefined) await writeFile(path, '');
  return { path, size: size ?? 0 };
};

/** Returns the size of the largest part, of any version, in bytes. */
export const sizeOfPart = async (target: DownloadTarget): Promise<number> => {
  const parts = (await namesIn(target)).filter((name) => name.endsWith('.part'));
  const sizes = await Promise.all(parts.map((name) => sizeOf(join(target.state, name))));
  return Math.max(0, ...sizes.map((size) => size ?? 0));
};

/** Removes the parts of all versions. */
export const discardParts = async (target: DownloadTarget): Promise<void> => {
  for (const name of await namesIn(target))
    if (name.endsWith('.part')) await rm(join(target.state, name), { force: true });
};

/** Returns whether an earlier run has completed this version of the file. */
export const isComplete = async (target: DownloadTarget, etag: string, size: number): Promise<boolean> =>
  (await sizeOf(stateFile(target, etag, 'done'))) !== undefined && (await sizeOf(target.path)) === size;

/**
 * Moves a complete part to the path of its file. A file that is already there is replaced only if an earlier run made
 * it.
 *
 * @returns false if another file, with other content, has that path
 */
export const complete = async (target: DownloadTarget, etag: string): Promise<boolean> => {
  const part = stateFile(target, etag, 'part');
  const exists = (await stat(target.path).catch(() => undefined)) !== undefined;
  const isOurs = (await namesIn(target)).some((name) => name.endsWith('.done'));
  if (exists && !isOurs) {
    const there = await digest(target.path).catch(() => undefined);
    if (there !== (await digest(part))) return false;
  } else await rename(part, target.path);
  await rm(target.state, { recursive: true });
  await mkdir(target.state);
  await writeFile(stateFile(target, etag, 'done'), '');
  return true;
};

const digest = async (path: string): Promise<string> => {
  const digester = createHash('sha256');
  for await (const chunk of createReadStream(path)) digester.update(chunk as Buffer);
  return digester.digest('hex');
};
