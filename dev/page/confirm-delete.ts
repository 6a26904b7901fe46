import { JobsApiError, type DeleteReceipt, type Job } from '@jobs-api/client';
import { byId } from './element.ts';
import { count, formatSize } from './format.ts';
import { nameOf } from './job-list.ts';

interface DeleteActions {
  /** @param onlyIfFinished whether a job that is not finished is left as it is */
  readonly deleteJob: (onlyIfFinished: boolean) => Promise<DeleteReceipt | undefined>;
  /** Describes an error in words. */
  readonly explain: (error: unknown) => string;
}

/**
 * Shows a dialog that asks for confirmation, and deletes the job. A job that is not finished is deleted only after a
 * second confirmation.
 *
 * @returns what was removed; `undefined` if the job was kept
 */
export const confirmDelete = (job: Job, { deleteJob, explain }: DeleteActions): Promise<DeleteReceipt | undefined> => {
  const dialog = byId('confirm') as HTMLDialogElement;
  const button = byId('confirm-delete') as HTMLButtonElement;
  const files = Object.keys(job.object_uuid_names).length;
  byId('confirm-heading').textContent = `Delete “${nameOf(job)}”?`;
  byId('confirm-text').textContent =
    `${count(files, 'file')} (${formatSize(job.total_size)}), all results and the record of the job are removed. ` +
    'This cannot be undone.';
  byId('confirm-error').textContent = '';
  button.textContent = 'Delete it';
  button.disabled = false;

  let receipt: DeleteReceipt | undefined;
  let onlyIfFinished = true;
  // Closing the dialog does not stop a delete that has begun.
  const cancel = () => {
    if (!button.disabled) dialog.close();
  };
  byId('confirm-cancel').onclick = cancel;
  dialog.oncancel = (event) => {
    event.preventDefault();
    cancel();
  };
  button.onclick = async () => {
    button.disabled = true;
    try {
      receipt = await deleteJob(onlyIfFinished);
      dialog.close();
    } catch (error) {
      button.disabled = false;
      if (!(error instanceof JobsApiError) || error.code !== 'JOB_NOT_FINISHED') {
        byId('confirm-error').textContent = explain(error);
        return;
      }
      onlyIfFinished = false;
      byId('confirm-error').textContent =
        'The job is not finished, so it was not deleted. If you delete it now, its processing may still write results that no list shows.';
      button.textContent = 'Delete it anyway';
    }
  };
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => {
        resolve(receipt);
      },
      { once: true },
    );
  });
};
