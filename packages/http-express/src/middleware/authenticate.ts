import type { IncomingMessage } from 'node:http';
import { Unauthorized } from '@jobs-api/core';
import type { Authenticator, CallOptions, UserId } from '@jobs-api/core';

const BEARER = /^Bearer +(.+)$/i;

/**
 * The user who sent a request, by its `Authorization` header: a token, with or without the Bearer scheme. Of two headers
 * one could be what a proxy checked and the other what we read, so there must be exactly one.
 *
 * @throws Unauthorized or Unavailable
 */
export const authenticate = async (
  authenticator: Authenticator,
  { headersDistinct }: IncomingMessage,
  options: CallOptions,
): Promise<UserId> => {
  const [header, second] = headersDistinct.authorization ?? [];
  if (second !== undefined) throw new Unauthorized('there is more than one Authorization header');
  return authenticator.authenticate(header && (BEARER.exec(header)?.[1] ?? header), options);
};
