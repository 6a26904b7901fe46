import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Folder inside the target folder with incomplete files, and with the versions of complete ones. */
export const STATE = '.jobs-api';

/** A file that is being downloaded. */
export interface Target {
  /** Path of the complete file. */
  readonly path: string;
  /** Folder with what earlier runs and attempts have left of it. */
  readonly state: string;
}

/** @param identity the job and the object, as nothing else in the folder is named */
export const targetOf = (folder: string, name: string, identity: string): Target => ({
  path: join(folder, name),
  state: join(folder, STATE, hash(identity)),
});

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 20);

/** Files of the state are named by version (the store's ETag), so that two versions never become one file. */
const stateFile = ({ state }: Target, etag: string, kind: 'part' | 'done'): string =>
  join(state, `${hash(etag)}.${kind}`);

const sizeOf = async (path: string): Promise<number | undefined> => {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true ? stats.size : undefined;
};

const namesIn = ({ state }: Target): Promise<string[]> => readdir(state).catch(() => []);

/** Makes the part of a version if there is none yet, and returns how many bytes of it there are. */
export const openPart = async (target: Target, etag: string): Promise<{ path: string; size: number }> => {
  const path = stateFile(target, etag, 'part');
  await mkdir(target.state, { recursive: true });
  const size = await sizeOf(path);
  if (size === undefined) await writeFile(path, '');
  return { path, size: size ?? 0 };
};

/** @returns how many bytes there are of the file, of any version */
export const sizeOfPart = async (target: Target): Promise<number> => {
  const parts = (await namesIn(target)).filter((name) => name.endsWith('.part'));
  const sizes = await Promise.all(parts.map((name) => sizeOf(join(target.state, name))));
  return Math.max(0, ...sizes.map((size) => size ?? 0));
};

/** Removes the parts of all versions. */
export const discardParts = async (target: Target): Promise<void> => {
  for (const name of await namesIn(target))
    if (name.endsWith('.part')) await rm(join(target.state, name), { force: true });
};

/** @returns whether an earlier run has completed this version of the file */
export const isComplete = async (target: Target, etag: string, size: number): Promise<boolean> =>
  (await sizeOf(stateFile(target, etag, 'done'))) !== undefined && (await sizeOf(target.path)) === size;

/**
 * Puts a complete part in its place. A file that is there already, and not from an earlier run, stays as it is.
 *
 * @returns false if a file with other content is in its place
 */
export const complete = async (target: Target, etag: string): Promise<boolean> => {
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
