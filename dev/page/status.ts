import { element, icon } from './element.ts';

/** The kinds of statuses that a list distinguishes. */
const KINDS = {
  done: { label: 'Done', path: 'M3 8.5l3.2 3.2L13 4.8' },
  running: { label: 'Processing', path: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5' },
  waiting: { label: 'Waiting', path: 'M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12zM8 5v3.2l2 1.3' },
  failed: { label: 'Failed', path: 'M4 4l8 8M12 4l-8 8' },
  unknown: { label: 'Unknown', path: 'M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1V9.5M8 12.2v.1' },
} as const;

const kindOf = (code: string): keyof typeof KINDS => {
  if (code.startsWith('success')) return 'done';
  if (code.startsWith('failed')) return 'failed';
  if (code === 'processing') return 'running';
  return code === 'pending' || code === 'queued' ? 'waiting' : 'unknown';
};

export const statusChip = (code: string): HTMLElement => {
  const kind = kindOf(code);
  const { label, path } = KINDS[kind];
  return element('span', { class: `chip ${kind}` }, icon(path), label);
};

export const progressBar = (percent: number | undefined): HTMLElement | undefined =>
  percent === undefined
    ? undefined
    : element(
        'div',
        { class: 'progress' },
        element('progress', { max: 100, value: percent, 'aria-label': 'Progress' }),
        element('span', { 'aria-hidden': 'true' }, `${percent} %`),
      );
