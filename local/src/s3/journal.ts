import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';

export interface Journal {
  /** Synchronous, so that the order of the records is that of the changes they name. */
  append(record: unknown): void;
  close(): void;
}

/** Calls `replay` with every record of the file, in order. A file that is not there has none. */
export const readJournal = (path: string, replay: (record: unknown) => void): void => {
  if (!existsSync(path)) return;
  // After the last line feed there is nothing, or an incomplete record of a killed process, which was never acknowledged.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    try {
      replay(JSON.parse(line));
    } catch (cause) {
      throw new Error(`${path}: line ${index + 1} cannot be read`, { cause });
    }
  }
};

/**
 * Opens the file for appending, with `snapshot` in place of what it held. Records outlive the process, however it ends;
 * they are not forced to the disk, so they may not outlive the machine. One process a file.
 */
export const openJournal = (path: string, snapshot: Iterable<unknown>): Journal => {
  writeFileSync(`${path}.new`, Array.from(snapshot, toLine).join(''));
  renameSync(`${path}.new`, path);
  const file = openSync(path, 'a');
  return {
    append(record) {
      const { size } = fstatSync(file);
      try {
        writeFileSync(file, toLine(record));
      } catch (error) {
        // A full disk: half a record must not be what the next one is appended to.
        ftruncateSync(file, size);
        throw error;
      }
    },
    close: () => {
      closeSync(file);
    },
  };
};

const toLine = (record: unknown) => `${JSON.stringify(record)}\n`;
