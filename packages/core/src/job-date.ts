/** An instant in nanoseconds since 1970-01-01T00:00:00Z. */
export type Instant = bigint;

const DATE_AND_TIME = String.raw`(\d{4})-(\d\d)-(\d\d)%T(\d\d):(\d\d):(\d\d)`;

/**
 * The format of Go's `time.Time.String()` (https://pkg.go.dev/time#Time.String): up to nine digits of fraction, an offset, a
 * zone as an abbreviation or a number, and a reading of the monotonic clock. `UTC` may stand for offset and zone.
 */
const GO_TIME = new RegExp(
  `^${DATE_AND_TIME.replace('%T', ' ')}(?:\\.(\\d{1,9}))? (?:UTC|([+-]\\d{4}) (?:[A-Za-z]+(?:[+-]\\d{1,4})?|[+-]\\d\\d(?:\\d\\d)?))(?: m=[+-]\\d+\\.\\d+)?$`,
);

/** https://www.rfc-editor.org/rfc/rfc3339#section-5.6 */
const RFC_3339 = new RegExp(`^${DATE_AND_TIME.replace('%T', '[Tt]')}(?:\\.(\\d+))?(?:[Zz]|([+-]\\d\\d:\\d\\d))$`);

const NANOSECONDS = 1_000_000n;
const DIGITS = 9;

/** Returns the instant of a job's `date`, or `undefined` if it is `null` or not in Go's format. */
export const parseJobDate = (date: string | null): Instant | undefined => {
  const match = date && GO_TIME.exec(date);
  // Go has no leap seconds.
  return match && match[6] !== '60' ? instantOf(match) : undefined;
};

/**
 * Returns the instant of an RFC 3339 date-time, or `undefined` if `text` is not one. More than nine digits of fraction are
 * rounded up. No date of a job is between the exact instant and the rounded one, so comparisons give the same result.
 */
export const parseRfc3339 = (text: string): Instant | undefined => {
  const match = RFC_3339.exec(text);
  return match ? instantOf(match) : undefined;
};

const instantOf = (match: RegExpExecArray): Instant | undefined => {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [fraction = '', offset = ''] = match.slice(7);
  const [offsetHours, offsetMinutes] = [Number(offset.slice(1, 3)), Number(offset.slice(-2))];
  if (hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) return undefined;

  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // `Date.UTC` takes the years 0 to 99 for 1900 to 1999
  if (date.getUTCMonth() !== month - 1) return undefined;
  const minutesEast = (offset.startsWith('-') ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  date.setUTCHours(hour, minute - minutesEast, Math.min(second, 59));
  // A leap second is always the last second of a day in UTC.
  if (second === 60 && (date.getUTCHours() !== 23 || date.getUTCMinutes() !== 59)) return undefined;
  const milliseconds = date.getTime() + (second === 60 ? 1_000 : 0);
  return BigInt(milliseconds) * NANOSECONDS + fractionOf(fraction);
};

const fractionOf = (digits: string): bigint =>
  BigInt(digits.slice(0, DIGITS).padEnd(DIGITS, '0')) + (/[1-9]/.test(digits.slice(DIGITS)) ? 1n : 0n);
