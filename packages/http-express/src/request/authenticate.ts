import type { IncomingMessage } from 'node:http';
import { Unauthorized, type Authenticator, type CallOptions, type UserId } from '@jobs-api/core';

const BEARER = /^Bearer +(.+)$/i;

/**
 * Verifies the token in the `Authorization` header, with or without the Bearer scheme, and returns its user. There must be
 * exactly one such header: if there were two, a proxy could have verified the other one.
 *
 * @throws Unauthorized or Unavailable
 */
export const authenticate = async (
  authenticator: Authenticator,
  request: IncomingMessage,
  options: CallOptions,
): Promise<UserId> => {
  const [header, second] = authorizationHeaders(request);
  if (second !== undefined) throw new Unauthorized('there is more than one Authorization header');
  return authenticator.authenticate(tokenIn(header), options);
};

/** Returns the caller's token, so that it can be redacted in the log. */
export const tokenOf = (request: IncomingMessage): string | undefined => tokenIn(authorizationHeaders(request)[0]);

const tokenIn = (header: string | undefined) => header && (BEARER.exec(header)?.[1] ?? header);

/** Reads `rawHeaders`: `headers` has only the first value, `headersDistinct` fails for `__proto__` on Node 20.19 and 24.9. */
const authorizationHeaders = ({ rawHeaders }: IncomingMessage): readonly string[] => {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === 'authorization') values.push(rawHeaders[index + 1] ?? '');
  return values;
};
