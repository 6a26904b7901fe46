import type { ServerResponse } from 'node:http';
import { streamJson, type TextPieces } from './json.ts';
import { ResponseMemory, type ResponseMemoryLimits } from './memory.ts';

/** A JSON body that may be large and is made while it is sent. */
export interface StreamedBody {
  readonly pieces: TextPieces;
  /** Estimated memory of the data from which the pieces are made, in bytes. */
  readonly heldBytes: number;
}

/** Sends responses that may be large, so that no user can use up CPU or memory. */
export class LargeResponses {
  readonly #memory: ResponseMemory;

  constructor(limits?: ResponseMemoryLimits) {
    this.#memory = new ResponseMemory(limits);
  }

  /**
   * @param takeTurn resolves when the next piece may be made
   * @throws Unavailable if the responses that are being sent already hold too much memory
   */
  async send(
    res: ServerResponse,
    { pieces, heldBytes }: StreamedBody,
    userId: string,
    takeTurn: () => Promise<void>,
  ): Promise<void> {
    const releases = [this.#memory.hold(userId, heldBytes)];
    const release = () => {
      for (const one of releases.splice(0)) one();
    };
    const mayCompress = (bytes: number): boolean => {
      const release = this.#memory.tryHold(userId, bytes);
      if (release) releases.push(release);
      return release !== undefined;
    };
    res.once('finish', release).once('close', release);
    await streamJson(res, pieces, { takeTurn, mayCompress });
  }
}
