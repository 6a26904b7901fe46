/** Options of every port method and use case. */
export interface CallOptions {
  /** Ends the call early: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}
