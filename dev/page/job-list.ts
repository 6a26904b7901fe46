import { jobDate, type JobSummary } from '@jobs-api/client';
import { element } from './element.ts';
import { formatDate, formatSize } from './format.ts';
import { progressBar, statusChip } from './status.ts';

export const nameOf = (job: Pick<JobSummary, 'job_id' | 'job_name'>): string => job.job_name ?? `Job ${job.job_id}`;

export const dateOf = (job: Pick<JobSummary, 'date'>, withTime = false): HTMLElement | string => {
  const parsed = jobDate(job);
  if (!parsed) return job.date ?? 'no date';
  return element('time', { datetime: parsed.toISOString() }, formatDate(parsed, withTime));
};

export const jobLink = (job: JobSummary, href: string): HTMLElement =>
  element(
    'a',
    { href, class: 'job', 'data-job': job.job_id },
    element('span', { class: 'job-name' }, nameOf(job)),
    statusChip(job.status),
    element('span', { class: 'meaning' }, job.status_meaning),
    progressBar(job.progress_percent),
    element('span', { class: 'facts' }, dateOf(job), ' · ', formatSize(job.total_size)),
  );

/** Creates grey bars in place of jobs that are still loading. */
export const skeleton = (rows: number): HTMLElement =>
  element(
    'div',
    { class: 'skeleton' },
    element('p', { class: 'visually-hidden' }, 'Loading'),
    ...Array.from({ length: rows }, () => element('div')),
  );

export const notice = (heading: string, text: string, button?: { label: string; onclick: () => void }): HTMLElement =>
  element(
    'div',
    { class: 'notice' },
    element('p', { class: 'notice-heading' }, heading),
    element('p', {}, text),
    button && element('button', { type: 'button', onclick: button.onclick }, button.label),
  );
