// The jobs page of `pnpm dev`: a front end that uses the API like any other, with the token of a sample user.
import {
  JobsApiError,
  type DeleteReceipt,
  type Job,
  type JobList,
  type JobSummary,
  type JobWithLinks,
} from '@jobs-api/client';
import { connect, type ApiCall } from './api.ts';
import { confirmDelete } from './confirm-delete.ts';
import { byId, element } from './element.ts';
import { areFiltersSet, clearFilters, readFilters, startFilters } from './filters.ts';
import { count, formatSize } from './format.ts';
import { jobDetail, standing } from './job-detail.ts';
import { jobLink, nameOf, notice, skeleton } from './job-list.ts';
import { createLive } from './live.ts';

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
/** Least width at which the list and the chosen job are side by side. style.css has the same width. */
const wide = matchMedia('(min-width: 60rem)');

let users: readonly SampleUser[] = [];
let user: SampleUser = { name: '', token: '' };
let jobs: JobSummary[] = [];
let shownJob: number | undefined;
/** The chosen job, with all changes since it was loaded. */
let shown: Job | undefined;

/** Returns the user and the job that the address names, such as `#/alice/3`. */
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
    return { heading: 'The service does not respond', text: 'Is pnpm dev still running?' };
  const { status, message, requestId } = error;
  if (status === 401)
    return { heading: 'The token is no longer valid', text: 'pnpm dev was started again: reload this page.' };
  return { heading: message, text: `Status ${status}; id of the request in the log: ${requestId ?? 'unknown'}.` };
};

const showCall = ({ method, path, status, milliseconds }: ApiCall): void => {
  const calls = byId('calls');
  calls.prepend(
    element(
      'li',
      {},
      element('code', {}, `${method} ${path}`),
      element('span', { class: 'facts' }, `${status ?? 'no response'} · ${Math.round(milliseconds)} ms`),
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
  else if (areFiltersSet())
    jobList.replaceChildren(notice('No such job', `No job of ${user.name} has this name and status now.`));
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

/** Number of the latest load. The results of older loads are not shown. */
let listLoad = 0;

/** @param remaining rest of the list that is shown; `undefined` loads a new list */
const loadList = async (remaining?: JobList): Promise<void> => {
  const load = ++listLoad;
  jobList.setAttribute('aria-busy', 'true');
  const list = remaining ?? api.list({ ...readFilters(), pageSize: SHOWN_AT_ONCE });
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
    followRunning();
  } catch (error) {
    if (load !== listLoad) return;
    const { heading, text } = explain(error);
    const retry = () => void loadList().then(showAddress);
    jobList.replaceChildren(notice(heading, text, { label: 'Try again', onclick: retry }));
  }
  jobList.removeAttribute('aria-busy');
};

// Live progress

const live = createLive(
  (jobId, job) => {
    showUpdate(jobId, job);
  },
  (error) => {
    toast(`Progress is not live any more: ${explain(error).heading}`);
  },
);

/** Follows every job that is shown and not finished, if the page is visible. */
const followRunning = (): void => {
  const running = [...jobs, ...(shown ? [shown] : [])].filter(({ finished }) => !finished);
  if (document.visibilityState === 'visible') live.follow(api, new Set(running.map(({ job_id }) => job_id)));
};

const showUpdate = (jobId: number, job: JobSummary | undefined): void => {
  const link = jobList.querySelector<HTMLElement>(`[data-job="${jobId}"]`);
  const isFocused = link !== null && link === document.activeElement;
  const before = jobs.find(({ job_id }) => job_id === jobId);
  if (!job) {
    jobs = jobs.filter(({ job_id }) => job_id !== jobId);
    link?.closest('li')?.remove();
    if (jobId === shownJob) void loadDetail(jobId);
    return;
  }
  if (link && JSON.stringify(before) !== JSON.stringify(job)) {
    jobs = jobs.map((each) => (each.job_id === jobId ? job : each));
    const updated = jobLink(job, addressOf(user.name, jobId));
    link.replaceWith(updated);
    markShown();
    if (isFocused) updated.focus();
  }
  if (jobId !== shownJob || shown?.job_id !== jobId) return;
  // Its results have to be fetched.
  if (job.finished) void loadDetail(jobId);
  else detail.querySelector('.standing')?.replaceWith(standing(job));
};

// The chosen job

let detailLoad = 0;

const loadDetail = async (jobId: number): Promise<void> => {
  const load = ++detailLoad;
  shownJob = jobId;
  markShown();
  // The same job stays on the page until its new state replaces it.
  if (shown?.job_id !== jobId) detail.replaceChildren(skeleton(4));
  try {
    const job = await api.get(jobId, { include: 'object-urls' });
    if (load !== detailLoad) return;
    showDetail(job);
  } catch (error) {
    if (load !== detailLoad) return;
    shown = undefined;
    const { heading, text } = explain(error);
    detail.replaceChildren(
      element('a', { class: 'back', href: addressOf(user.name) }, '← All jobs'),
      notice(heading, text, { label: 'Try again', onclick: () => void loadDetail(jobId) }),
    );
  }
};

const showDetail = (job: JobWithLinks): void => {
  const jobId = job.job_info.job_id;
  shown = job.job_info;
  detail.replaceChildren(
    ...jobDetail(job, {
      backHref: addressOf(user.name),
      onDelete: () => void removeJob(job.job_info),
      onDownload: (uuid, name) => void download(jobId, uuid, name),
    }),
  );
  if (!shown.finished && jobs.every(({ job_id }) => job_id !== jobId)) followRunning();
};

const clearDetail = (): void => {
  detailLoad += 1;
  [shownJob, shown] = [undefined, undefined];
  detail.replaceChildren();
  markShown();
};

/** Saves a file without leaving the page. The link is requested now, so that it cannot have expired. */
const download = async (jobId: number, objectUuid: string, name: string): Promise<void> => {
  try {
    const { url: href } = await api.objectUrl(jobId, objectUuid, { downloadAs: name });
    // The API signs links without checking that there is a file. A click on a link to no file would leave the page.
    const { ok, status } = await fetch(href, { headers: { Range: 'bytes=0-0' } });
    const isEmpty = status === 416;
    if (ok || isEmpty) element('a', { href }).click();
    else toast(`${name} is not there: the storage responded with ${status}`);
  } catch (error) {
    toast(explain(error).heading);
  }
};

const removeJob = async (job: Job): Promise<void> => {
  const receipt = await confirmDelete(job, {
    deleteJob: (onlyIfFinished) =>
      api.delete(job.job_id, { include: 'receipt', ...(onlyIfFinished && { onlyIf: 'finished' }) }),
    explain: (error) => {
      const { heading, text } = explain(error);
      return `${heading}. ${text}`;
    },
  });
  if (!receipt) return;
  toast(`“${nameOf(job)}” was deleted: ${wordsOf(receipt)}`);
  history.replaceState(null, '', addressOf(user.name));
  clearDetail();
  await loadList();
  await showAddress();
  byId('jobs-heading').focus();
};

const wordsOf = ({ objects, bytes, record, verified_at: verifiedAt }: DeleteReceipt): string =>
  `${count(objects, 'object')} (${formatSize(bytes)})${record === 'deleted' ? ' and its record' : ''}. ` +
  `Nothing was left at ${new Date(verifiedAt).toLocaleTimeString('en-GB')}.`;

// The address

const signIn = async (chosen: SampleUser): Promise<void> => {
  user = chosen;
  api = connect(user.token, showCall);
  for (const radio of byId('users').querySelectorAll('input')) radio.checked = radio.value === user.name;
  clearFilters();
  live.stop();
  clearDetail();
  jobList.replaceChildren(skeleton(6));
  await loadList();
};

/** Shows the job that the address names. If it names none, shows the first job on a wide screen. */
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

startFilters(() => {
  void loadList().then(() => (readAddress().jobId === undefined ? showAddress() : undefined));
});

const onHashChange = async (): Promise<void> => {
  const left = shownJob;
  await followAddress();
  if (wide.matches) return;
  // The list or the job is hidden now. It may contain the element with the focus.
  const heading = document.getElementById('detail-heading');
  const link = jobList.querySelector<HTMLElement>(`[data-job="${left}"]`);
  (main.dataset.view === 'job' ? heading : (link ?? byId('jobs-heading')))?.focus();
};
window.addEventListener('hashchange', () => void onHashChange());
// A link to an anchor would replace the address, which names the job that is shown.
byId('skip').onclick = (event) => {
  event.preventDefault();
  byId('jobs-heading').focus();
};
wide.addEventListener('change', () => void showAddress());
// A page that is not visible sends no requests. It loads the list again when it is visible.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') live.stop();
  else if (user.name !== '') void loadList();
});

jobList.replaceChildren(skeleton(6));
await start();
