import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'jobs';
export const HOUR = 3_600;
/** Seconds since 1970. */
export const START = Math.floor(Date.now() / 1000);

/** A key that signs tokens, and its public half as an issuer publishes it. */
export interface Signer {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: { readonly kty: 'RSA'; readonly n: string; readonly e: string; readonly kid: string };
}

export const newSigner = (kid: string, { modulusLength = 2048, publicExponent = 65_537 } = {}): Signer => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  return { kid, privateKey, publicKey, jwk: { kty: 'RSA', n, e, kid } };
};

export const encode = (octets: string | Uint8Array): string => Buffer.from(octets).toString('base64url');
export const encodeJson = (value: unknown): string => encode(JSON.stringify(value));

export const header = { alg: 'RS256', kid: 'ours' };
export const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: START, exp: START + HOUR };

/** Returns the signed part of a valid token, with the given changes. `undefined` removes a field. */
export const unsigned = (claimChanges: object = {}, headerChanges: object = {}): string =>
  `${encodeJson({ ...header, ...headerChanges })}.${encodeJson({ ...claims, ...claimChanges })}`;

/** Adds a signature of RS256 to any input. */
export const seal = (input: string, privateKey: KeyObject): string =>
  `${input}.${encode(sign('sha256', Buffer.from(input), privateKey))}`;

/** Returns a token with any content that is signed with RS256. */
export const issue = (signer: Signer, claimChanges: object = {}, headerChanges: object = {}): string =>
  seal(unsigned(claimChanges, { kid: signer.kid, ...headerChanges }), signer.privateKey);
