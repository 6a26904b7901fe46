/** JSON, or the UTF-8 of it. */
export type JsonPiece = string | Buffer;

/** Of a buffer, in bytes. The first is small, for the answers that are; each further one is twice as large, up to a limit. */
const FIRST_BUFFER = 2_048;
const LARGEST_BUFFER = 65_536;

/** What is this long is a piece by itself, in characters. */
const LONG = 2_048;

/** How many members of a list are made JSON at once: of jobs, some 40 KB. */
const MEMBERS = 200;

/** ASCII of which JSON escapes nothing: any URL, for one. */
const PLAIN = /^[ !#-[\]-~]*$/;
const QUOTE = 0x22;

/**
 * The JSON of an object of plain data, byte for byte what `JSON.stringify` makes of it, in pieces. Any iterable member is a
 * list, and is read while it is written.
 *
 * `JSON.stringify` makes one string, and looks at each character of the long ones in it by itself. A string of megabytes
 * has the whole heap collected all the more often, and is copied once more when it becomes bytes. Here a link is copied
 * once, into a buffer, which takes a third of the time. The members of a list remain strings, since buffers, which are
 * outside of the heap, have it collected more often as well.
 */
export const jsonInPieces = (value: object): readonly JsonPiece[] => {
  const pieces: JsonPiece[] = [];
  let buffer = Buffer.allocUnsafe(FIRST_BUFFER);
  let [start, end] = [0, 0]; // of the piece that is being written

  const endPiece = () => {
    if (end > start) pieces.push(buffer.subarray(start, end));
    start = end;
  };
  const makeRoom = (bytes: number) => {
    if (end + bytes <= buffer.length) return;
    endPiece();
    buffer = Buffer.allocUnsafe(Math.max(bytes, Math.min(2 * buffer.length, LARGEST_BUFFER)));
    start = end = 0;
  };
  const write = (json: string) => {
    if (json.length < LONG) {
      makeRoom(3 * json.length); // the most that UTF-8 takes
      end += buffer.write(json, end);
    } else {
      endPiece();
      pieces.push(json);
    }
  };
  const writePlain = (text: string) => {
    makeRoom(text.length + 2);
    buffer[end++] = QUOTE;
    end += buffer.write(text, end, 'latin1');
    buffer[end++] = QUOTE;
  };

  const writeValue = (one: unknown) => {
    if (typeof one === 'string' && PLAIN.test(one)) writePlain(one);
    else if (isIterable(one)) writeList(one);
    else if (isRecord(one)) writeRecord(one);
    else write(JSON.stringify(one));
  };
  const writeRecord = (record: Readonly<Record<string, unknown>>) => {
    let before = '{';
    for (const name of Object.keys(record)) {
      const member = record[name];
      if (member === undefined) continue;
      write(`${before}${JSON.stringify(name)}:`);
      writeValue(member);
      before = ',';
    }
    write(before === '{' ? '{}' : '}');
  };
  const writeList = (list: Iterable<unknown>) => {
    let before = '[';
    let members: unknown[] = [];
    const writeMembers = () => {
      write(before + JSON.stringify(members).slice(1, -1));
      before = ',';
      members = [];
    };
    for (const member of list) if (members.push(member) === MEMBERS) writeMembers();
    if (members.length > 0 || before === '[') writeMembers();
    write(']');
  };

  writeValue(value);
  endPiece();
  return pieces;
};

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

/** Whether the value is an object whose members are all that there is to it, as it is not of a date. */
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};
