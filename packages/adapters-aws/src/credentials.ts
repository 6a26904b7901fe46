import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Unavailable, untilAborted } from '@jobs-api/core';

type Provider = ReturnType<typeof defaultProvider>;

/** How long a call waits for credentials, in milliseconds. */
const WAIT_MS = 3_000;
/** How long a fetch of credentials may take before another one replaces it, in milliseconds. */
const HUNG_MS = 5_000;

export interface CredentialSourceOptions {
  /** Default: the chain of the SDK. */
  readonly createProvider?: () => Provider;
  /** Default: `Date.now`. */
  readonly now?: () => number;
}

/**
 * Returns a provider of the SDK's default chain: environment, profile, web identity, container or host. The chain
 * caches credentials, and fetches new ones before they expire.
 *
 * The chain waits for its first fetch without a limit, so that one that hangs would make all later calls wait too. The
 * provider limits the wait of a call to {@link WAIT_MS}, and replaces the fetch by a new one after {@link HUNG_MS}.
 *
 * The provider throws Unavailable if there are no credentials.
 */
export const credentialSource = ({
  createProvider = defaultProvider,
  now = Date.now,
}: CredentialSourceOptions = {}): Provider => {
  let provider = createProvider();
  let fetching: { readonly credentials: ReturnType<Provider>; readonly since: number } | undefined;

  return async (options) => {
    if (fetching && Math.abs(now() - fetching.since) >= HUNG_MS) {
      fetching = undefined;
      provider = createProvider();
    }
    const current = (fetching ??= { credentials: provider(options), since: now() });
    const end = () => {
      if (fetching === current) fetching = undefined;
    };
    current.credentials.then(end, end);
    const timeout = AbortSignal.timeout(WAIT_MS);
    try {
      return await untilAborted(current.credentials, timeout);
    } catch (error) {
      const reason = timeout.aborted
        ? `their source did not respond within ${WAIT_MS / 1_000} s`
        : 'their source failed';
      throw new Unavailable(`there are no AWS credentials: ${reason}`, { cause: error });
    }
  };
};
