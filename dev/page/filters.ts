import type { KnownJobStatus, ListJobsOptions } from '@jobs-api/client';
import { jobStatuses } from '@jobs-api/core';
import { byId, element } from './element.ts';

const name = byId('name-filter') as HTMLInputElement;
const statuses = byId('statuses');
const statusFilter = byId('status-filter') as HTMLDetailsElement;

/** The list is loaded when no key was pressed for this time, in milliseconds. */
const TYPING_MS = 250;

/** Returns the name and the statuses to which the list is limited. */
export const readFilters = (): Pick<ListJobsOptions, 'name' | 'status'> => {
  const status = [...statuses.querySelectorAll('input')].filter(({ checked }) => checked).map(({ value }) => value);
  return {
    ...(name.value.trim() !== '' && { name: name.value.trim() }),
    ...(status.length > 0 && { status: status as KnownJobStatus[] }),
  };
};

export const areFiltersSet = (): boolean => Object.keys(readFilters()).length > 0;

const showStatuses = (): void => {
  const { status = [] } = readFilters();
  byId('status-summary').textContent =
    status.length === 0 ? 'Every status' : status.length === 1 ? wordsOf(String(status)) : `${status.length} statuses`;
};

const wordsOf = (code: string): string => code.replaceAll('_', ' ');

export const clearFilters = (): void => {
  name.value = '';
  for (const box of statuses.querySelectorAll('input')) box.checked = false;
  statusFilter.open = false;
  showStatuses();
};

/** @param onChange called when the list has to be loaded again */
export const startFilters = (onChange: () => void): void => {
  statuses.append(
    ...Object.keys(jobStatuses).map((code) =>
      element('label', {}, element('input', { type: 'checkbox', value: code }), wordsOf(code)),
    ),
  );
  statuses.addEventListener('change', () => {
    showStatuses();
    onChange();
  });
  let timer: number | undefined;
  name.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, TYPING_MS);
  });
  name.form?.addEventListener('submit', (event) => {
    event.preventDefault();
  });
  // The list of statuses closes as a menu does: at Escape, and at a click outside.
  statusFilter.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    statusFilter.open = false;
    byId('status-summary').focus();
  });
  document.addEventListener('click', ({ target }) => {
    if (!statusFilter.contains(target as Node)) statusFilter.open = false;
  });
};
