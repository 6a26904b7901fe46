const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** `87.9 kB` */
export const formatSize = (bytes: number): string => {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return `${new Intl.NumberFormat('en', { maximumFractionDigits: 1 }).format(bytes / 1000 ** power)} ${UNITS[power]}`;
};

export const formatDate = (date: Date, withTime = false): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', ...(withTime && { timeStyle: 'short' }) }).format(date);

export const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;

/** `2.5 s`, `1:05` */
export const formatDuration = (seconds: number): string => {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};
