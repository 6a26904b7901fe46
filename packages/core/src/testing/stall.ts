import { untilAborted } from '../until-aborted.ts';

/** Makes calls wait, as if the storage did not respond. */
export class Stall {
  #end: Promise<void> | undefined;

  /** Makes every call wait, until the function that is returned is called. */
  begin(): () => void {
    let release: () => void = () => undefined;
    this.#end = new Promise((resolve) => (release = resolve));
    return () => {
      this.#end = undefined;
      release();
    };
  }

  /** @throws the reason of the signal, if it aborts meanwhile */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#end) await untilAborted(this.#end, signal);
  }
}
