import type { IncomingMessage } from 'node:http';
import { Unauthorized, type Authenticator, type CallOptions, type UserId } from '@jobs-api/core';

const BEARER = /^Bearer +(.+)$/i;

/**
 * Returns the user that the `Authorization` header proves: a token, with or without the Bearer scheme. Of two headers, one
 * could be what a proxy verified and the other what is read here, so there must be exactly one.
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

/** The token that the caller sent, for a log that must not contain it. */
export const tokenOf = (request: IncomingMessage): string | undefined => tokenIn(authorizationHeaders(request)[0]);

const tokenIn = (header: string | undefined) => header && (BEARER.exec(header)?.[1] ?? header);

/** `headers` has only the first one, and `headersDistinct` fails in Node 20.19 and 24.9 on a header named `__proto__`. */
const authorizationHeaders = ({ rawHeaders }: IncomingMessage): readonly string[] => {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === 'authorization') values.push(rawHeaders[index + 1] ?? '');
  return values;
};
