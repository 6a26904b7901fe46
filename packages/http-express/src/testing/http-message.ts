export interface HttpRequest {
  readonly method?: string;
  /** Path and query, sent unchanged. */
  readonly path: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

export interface HttpResponse {
  readonly status: number;
  /** Values by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded. */
  readonly body: string;
}
