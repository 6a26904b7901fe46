import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Unavailable, untilAborted } from '@jobs-api/core';

type Provider = ReturnType<typeof defaultProvider>;

/** How long a call waits for credentials, in milliseconds. */
const WAIT_MS = 3_000;
/** After this time a fetch of credentials counts as hung, in milliseconds. */
const HUNG_MS = 5_000;

export interface CredentialSourceOptions {
  readonly createProvider?: () => Provider;
  readonly now?: () => number;
}

/**
 * Returns the credentials of the SDK's default chain: environment, profile, web identity, container or host. The chain
 * keeps credentials until they end, and fetches new ones in time.
 *
 * The chain waits for its first fetch without a limit, and a fetch that hangs would fail all later calls too. Here a call
 * waits {@link WAIT_MS}, and a hung fetch is replaced by a new one.
 *
 * The source throws Unavailable if it has no credentials to return.
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
