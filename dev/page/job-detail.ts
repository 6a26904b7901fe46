import { describeStatus } from '@jobs-api/core';
import type { Job, JobSummary, JobWithLinks } from '@jobs-api/client';
import { element } from './element.ts';
import { count, formatDuration, formatSize } from './format.ts';
import { dateOf, nameOf } from './job-list.ts';
import { bySight, kindOf, preview } from './preview.ts';
import { resultOf } from './result.ts';
import { progressBar, statusChip } from './status.ts';

/** How many files are shown above the button "Show all". */
const FIRST_FILES = 24;
/** Largest number of results that are all open at first. */
const OPEN_RESULTS = 4;

export interface DetailActions {
  readonly backHref: string;
  readonly onDelete: () => void;
  readonly onDownload: (objectUuid: string, name: string) => void;
}

export const jobDetail = (body: JobWithLinks, actions: DetailActions): readonly HTMLElement[] => {
  const { job_info: job } = body;
  const files = Object.entries(job.object_uuid_names).sort(([, a], [, b]) => bySight(a, b));
  const fact = (name: string, value: HTMLElement | string) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value));

  const list = element('ul', { class: 'files' });
  const show = (shown: typeof files) =>
    list.replaceChildren(...shown.map(([uuid, name]) => element('li', {}, fileCard(body, uuid, name, actions))));
  show(files.slice(0, FIRST_FILES));
  const showAll = element('button', { type: 'button' }, `Show all ${files.length} files`);
  showAll.addEventListener('click', () => {
    show(files);
    showAll.remove();
  });

  return [
    element('a', { class: 'back', href: actions.backHref }, '← All jobs'),
    element(
      'header',
      { class: 'detail-head' },
      element('h2', { id: 'detail-heading', tabindex: -1 }, nameOf(job)),
      element('button', { type: 'button', class: 'danger-quiet', onclick: actions.onDelete }, 'Delete job …'),
    ),
    standing(job),
    element(
      'dl',
      { class: 'job-facts' },
      fact('Job', String(job.job_id)),
      fact('Date', dateOf(job, true)),
      fact('Size', formatSize(job.total_size)),
      fact('Credits', String(job.credits_spent)),
      fact('E-mail', job.email ?? 'none'),
      fact('Status', element('code', {}, job.status)),
    ),
    element('h3', {}, count(files.length, 'file')),
    list,
    files.length > FIRST_FILES ? showAll : undefined,
  ].filter((part) => part !== undefined);
};

/** Shows the status of a job and its progress. */
export const standing = (job: Job | JobSummary): HTMLElement =>
  element(
    'div',
    { class: 'standing' },
    element('p', {}, statusChip(job.status), ' ', meaningOf(job)),
    progressBar(job.progress_percent),
  );

/** Returns the meaning of a status. Only the jobs of a list have it as a field. */
const meaningOf = ({ status, progress_percent: percent }: Job | JobSummary): string =>
  describeStatus(percent === undefined ? status : `${status}...${percent}%`).meaning;

const fileCard = (body: JobWithLinks, uuid: string, name: string, { onDownload }: DetailActions): HTMLElement => {
  const { job_info: job, results, object_urls: urls } = body;
  const failure = job.failed_to_process[uuid];
  const result = results[uuid];
  const url = urls?.[uuid];
  const length = job.media_length[uuid] ?? 0;
  const whenMissing = job.status === 'pending' ? 'Not uploaded yet' : 'Cannot be shown';
  return element(
    'article',
    { class: 'file', 'aria-label': name },
    url === undefined ? element('div', { class: 'preview' }) : preview(name, url, whenMissing),
    element(
      'div',
      { class: 'file-head' },
      element('h4', {}, name),
      /audio|video/.test(kindOf(name)) && length > 0 && element('span', { class: 'facts' }, formatDuration(length)),
      element(
        'button',
        { type: 'button', 'aria-label': `Download ${name}`, onclick: () => onDownload(uuid, name) },
        'Download',
      ),
    ),
    failure !== undefined && element('p', { class: 'failure' }, failure),
    result && resultOf(name, result, Object.keys(results).length <= OPEN_RESULTS),
  );
};
