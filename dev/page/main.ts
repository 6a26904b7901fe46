// The jobs page of `pnpm dev`: a front end that uses the API as any other would, with a sample user's token.
import { JobsApiError } from '@jobs-api/client';
import type { JobList, JobSummary, JobWithLinks, ListJobsOptions } from '@jobs-api/client';
import { jobStatuses } from '@jobs-api/core';
import { connect } from './api.ts';
import type { Call } from './api.ts';
import { confirmDelete } from './confirm-delete.ts';
import { byId, element } from './element.ts';
import { count } from './format.ts';
import { jobDetail } from './job-detail.ts';
import { jobLink, nameOf, notice, skeleton } from './job-list.ts';

interface SampleUser {
  readonly name: string;
  readonly token: string;
}

const SHOWN_AT_ONCE = 100;
const SHOWN_CALLS = 8;
const TOAST_MS = 6_000;

const main = byId('main');
const jobList = byId('jobs');
const detail = byId('detail');
const filter = byId('filter') as HTMLSelectElement;
/** From here on the list and the chosen job are side by side; style.css has the same. */
const wide = matchMedia('(min-width: 60rem)');

let users: readonly SampleUser[] = [];
let user: SampleUser = { name: '', token: '' };
let jobs: JobSummary[] = [];
let shownJob: number | undefined;

/** `#/alice/3`: whose jobs, and which one. */
const readAddress = (): { name?: string; jobId?: number } => {
  const [, name, id] = /^#\/([^/]+)(?:\/([1-9][0-9]*))?$/.exec(location.hash) ?? [];
  return {
    ...(name !== undefined && { name: decodeURIComponent(name) }),
    ...(id !== undefined && { jobId: Number(id) }),
  };
};
const addressOf = (name: string, jobId?: number) =>
  `#/${encodeURIComponent(name)}${jobId === undefined ? '' : `/${jobId}`}`;

const explain = (error: unknown): { heading: string; text: string } => {
  if (!(error instanceof JobsApiError))
    return { heading: 'The service does not answer', text: 'Is pnpm dev still running?' };
  const { status, message, requestId } = error;
  if (status === 401)
    return { heading: 'The token is no longer valid', text: 'pnpm dev was started anew: load this page again.' };
  return { heading: message, text: `Status ${status}; the log has it as request ${requestId ?? 'unknown'}.` };
};

const showCall = ({ method, path, status, milliseconds }: Call): void => {
  const calls = byId('calls');
  calls.prepend(
    element(
      'li',
      {},
      element('code', {}, `${method} ${path}`),
      element('span', { class: 'facts' }, `${status ?? 'no answer'} · ${Math.round(milliseconds)} ms`),
    ),
  );
  while (calls.childElementCount > SHOWN_CALLS) calls.lastElementChild?.remove();
};

let api = connect(user.token, showCall);

let toastTimer: number | undefined;
const toast = (text: string): void => {
  byId('toast').textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (byId('toast').textContent = ''), TOAST_MS);
};

// The list

const markShown = (): void => {
  for (const link of jobList.querySelectorAll<HTMLElement>('.job'))
    if (link.dataset.job === String(shownJob)) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
};

const renderList = (remaining: JobList | undefined): void => {
  const links = jobs.map((job) => element('li', {}, jobLink(job, addressOf(user.name, job.job_id))));
  if (jobs.length > 0) jobList.replaceChildren(element('ul', {}, ...links));
  else if (filter.value !== '')
    jobList.replaceChildren(notice('None in this status', `No job of ${user.name} is in it now.`));
  else
    jobList.replaceChildren(
      notice(
        `${user.name} has no jobs`,
        'Start pnpm dev again for new samples, or pnpm dev --import DIR to make a job of your own files.',
      ),
    );
  if (remaining)
    jobList.append(element('button', { type: 'button', onclick: () => void loadList(remaining) }, 'Show more jobs'));
  byId('jobs-heading').textContent = remaining || jobs.length === 0 ? 'Jobs' : count(jobs.length, 'job');
  markShown();
};

/** Which load is the latest: an older one that answers late is not shown. */
let listLoad = 0;

/** @param remaining what is left of a list that is shown, to go on with it */
const loadList = async (remaining?: JobList): Promise<void> => {
  const load = ++listLoad;
  jobList.setAttribute('aria-busy', 'true');
  const status = (filter.value || undefined) as ListJobsOptions['status'];
  const list = remaining ?? api.list({ status, pageSize: SHOWN_AT_ONCE });
  const loaded = remaining ? [...jobs] : [];
  try {
    let next = await list.next();
    for (let more = SHOWN_AT_ONCE - 1; next.done !== true; more -= 1) {
      loaded.push(next.value);
      if (more === 0) break;
      next = await list.next();
    }
    if (load !== listLoad) return;
    jobs = loaded;
    renderList(next.done === true ? undefined : list);
  } catch (error) {
    if (load !== listLoad) return;
    const { heading, text } = explain(error);
    const retry = () => void loadList().then(showAddress);
    jobList.replaceChildren(notice(heading, text, { label: 'Try again', onclick: retry }));
  }
  jobList.removeAttribute('aria-busy');
};

// The chosen job

let detailLoad = 0;

const loadDetail = async (jobId: number): Promise<void> => {
  const load = ++detailLoad;
  shownJob = jobId;
  markShown();
  detail.replaceChildren(skeleton(4));
  try {
    const answer = await api.get(jobId, { include: 'object-urls' });
    if (load !== detailLoad) return;
    detail.replaceChildren(
      ...jobDetail(answer, {
        backHref: addressOf(user.name),
        onDelete: () => void removeJob(answer),
        onDownload: (uuid, name) => void download(jobId, uuid, name),
      }),
    );
  } catch (error) {
    if (load !== detailLoad) return;
    const { heading, text } = explain(error);
    detail.replaceChildren(
      element('a', { class: 'back', href: addressOf(user.name) }, '← All jobs'),
      notice(heading, text, { label: 'Try again', onclick: () => void loadDetail(jobId) }),
    );
  }
};

const clearDetail = (): void => {
  detailLoad += 1;
  shownJob = undefined;
  detail.replaceChildren();
  markShown();
};

/** The link is asked for on the click, so that it cannot have expired; it saves the file and does not leave the page. */
const download = async (jobId: number, objectUuid: string, name: string): Promise<void> => {
  try {
    const { url: href } = await api.objectUrl(jobId, objectUuid, { downloadAs: name });
    // The API gives a link whether or not there is a file, and following one to nothing would leave the page.
    const { ok, status } = await fetch(href, { headers: { Range: 'bytes=0-0' } });
    const isEmpty = status === 416;
    if (ok || isEmpty) element('a', { href }).click();
    else toast(`${name} is not there: the storage answered ${status}`);
  } catch (error) {
    toast(explain(error).heading);
  }
};

const removeJob = async ({ job_info: job }: JobWithLinks): Promise<void> => {
  const isDeleted = await confirmDelete(job, async () => {
    try {
      await api.delete(job.job_id);
      return undefined;
    } catch (error) {
      const { heading, text } = explain(error);
      return `${heading}. ${text}`;
    }
  });
  if (!isDeleted) return;
  toast(`“${nameOf(job)}” was deleted`);
  history.replaceState(null, '', addressOf(user.name));
  clearDetail();
  await loadList();
  await showAddress();
  byId('jobs-heading').focus();
};

// Where we are

const signIn = async (chosen: SampleUser): Promise<void> => {
  user = chosen;
  api = connect(user.token, showCall);
  for (const radio of byId('users').querySelectorAll('input')) radio.checked = radio.value === user.name;
  filter.value = '';
  clearDetail();
  jobList.replaceChildren(skeleton(6));
  await loadList();
};

/** Shows what the address says; on a wide screen the first job where it names none. */
const showAddress = async (): Promise<void> => {
  const { jobId } = readAddress();
  main.dataset.view = jobId === undefined ? 'list' : 'job';
  const chosen = jobId ?? (wide.matches ? jobs[0]?.job_id : undefined);
  document.title = `${user.name}’s jobs · Jobs API`;
  if (chosen === undefined) clearDetail();
  else if (chosen !== shownJob) await loadDetail(chosen);
};

const followAddress = async (): Promise<void> => {
  const chosen = users.find(({ name }) => name === readAddress().name) ?? users[0];
  if (!chosen) return;
  if (chosen.name !== user.name) await signIn(chosen);
  await showAddress();
};

const start = async (): Promise<void> => {
  try {
    const response = await fetch('/page/users.json');
    users = (await response.json()) as SampleUser[];
  } catch (error) {
    const { heading, text } = explain(error);
    jobList.replaceChildren(notice(heading, text, { label: 'Try again', onclick: () => void start() }));
    jobList.removeAttribute('aria-busy');
    return;
  }
  byId('users').replaceChildren(
    ...users.map(({ name }) =>
      element(
        'label',
        {},
        element('input', {
          type: 'radio',
          name: 'user',
          value: name,
          onchange: () => (location.hash = addressOf(name)),
        }),
        element('span', {}, name),
      ),
    ),
  );
  await followAddress();
};

filter.append(
  element('option', { value: '' }, 'Every status'),
  ...Object.keys(jobStatuses).map((code) => element('option', { value: code }, code.replaceAll('_', ' '))),
);
filter.onchange = async () => {
  await loadList();
  if (readAddress().jobId === undefined) await showAddress();
};

const onHashChange = async (): Promise<void> => {
  const left = shownJob;
  await followAddress();
  if (wide.matches) return;
  // One of the two is hidden now, and the focus with it.
  const heading = document.getElementById('detail-heading');
  const link = jobList.querySelector<HTMLElement>(`[data-job="${left}"]`);
  (main.dataset.view === 'job' ? heading : (link ?? byId('jobs-heading')))?.focus();
};
window.addEventListener('hashchange', () => void onHashChange());
// The address is kept for what is shown.
byId('skip').onclick = (event) => {
  event.preventDefault();
  byId('jobs-heading').focus();
};
wide.addEventListener('change', () => void showAddress());
// Whoever comes back from a terminal sees what has happened there.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && user.name !== '') void loadList();
});

jobList.replaceChildren(skeleton(6));
await start();
