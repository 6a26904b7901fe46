import type { ServerResponse } from 'node:http';
import { streamJson, type Pieces } from './json.ts';
import { ResponseMemory, type MemoryLimits } from './memory.ts';

/** A JSON body that may be large: it is made while it is sent. */
export interface StreamedBody {
  readonly pieces: Pieces;
  /** What the pieces that are not sent yet are made of: an estimate, in bytes. */
  readonly heldBytes: number;
}

/** Sends responses that may be large, without letting any user use up the processor or the memory. */
export class LargeResponses {
  readonly #memory: ResponseMemory;

  constructor(limits?: MemoryLimits) {
    this.#memory = new ResponseMemory(limits);
  }

  /**
   * @param takeTurn resolves when the next piece may be made
   * @throws Unavailable if too much is being sent already
   */
  async send(
    res: ServerResponse,
    { pieces, heldBytes }: StreamedBody,
    user: string,
    takeTurn: () => Promise<void>,
  ): Promise<void> {
    const releases = [this.#memory.hold(user, heldBytes)];
    const release = () => {
      for (const one of releases.splice(0)) one();
    };
    const mayCompress = (bytes: number): boolean => {
      const release = this.#memory.tryHold(user, bytes);
      if (release) releases.push(release);
      return release !== undefined;
    };
    res.once('finish', release).once('close', release);
    await streamJson(res, pieces, { takeTurn, mayCompress });
  }
}
