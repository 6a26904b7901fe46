import type { Job } from '@jobs-api/client';
import { byId } from './element.ts';
import { count, formatSize } from './format.ts';
import { nameOf } from './job-list.ts';

/**
 * Asks whether to delete a job and has it done, all in one dialog.
 *
 * @param deleteJob answers what went wrong, in words, and may then be called again
 * @returns whether the job is deleted
 */
export const confirmDelete = (job: Job, deleteJob: () => Promise<string | undefined>): Promise<boolean> => {
  const dialog = byId('confirm') as HTMLDialogElement;
  const button = byId('confirm-delete') as HTMLButtonElement;
  const files = Object.keys(job.object_uuid_names).length;
  byId('confirm-heading').textContent = `Delete “${nameOf(job)}”?`;
  byId('confirm-text').textContent =
    `${count(files, 'file')} (${formatSize(job.total_size)}), what was made of ${files === 1 ? 'it' : 'them'}, ` +
    'and the record of the job are removed. This cannot be undone.';
  byId('confirm-error').textContent = '';
  button.disabled = false;
  dialog.returnValue = '';
  dialog.showModal();

  // A delete that is under way is not called off by closing the dialog.
  const cancel = () => !button.disabled && dialog.close();
  byId('confirm-cancel').onclick = cancel;
  dialog.oncancel = (event) => {
    event.preventDefault();
    cancel();
  };
  button.onclick = async () => {
    button.disabled = true;
    const problem = await deleteJob();
    button.disabled = false;
    if (problem === undefined) dialog.close('deleted');
    else byId('confirm-error').textContent = problem;
  };
  return new Promise((resolve) =>
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'deleted'), { once: true }),
  );
};
