import { CognitoJwtVerifier, validateCognitoJwtFields } from 'aws-jwt-verify/cognito-verifier';
import { CognitoJwtInvalidClientIdError, CognitoJwtInvalidTokenUseError } from 'aws-jwt-verify/error';
import { validateJwtFields } from 'aws-jwt-verify/jwt';
import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import { LEEWAY_SECONDS } from './token-cache.ts';

/** The user pool and the clients whose tokens are accepted. */
export interface CognitoTokenRules {
  readonly mode: 'cognito';
  readonly userPoolId: string;
  readonly clientIds: readonly string[];
  readonly tokenUse: 'id' | 'access' | 'any';
}

/**
 * Returns the issuers that a Cognito user pool's tokens may name, the original and the updated one
 * (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html), and
 * the address of its keys: a pool that was not moved to the updated issuer has them at the original one only.
 *
 * @throws if `userPoolId` is not one, such as `eu-west-1_AbCdEfGhI`
 */
export const cognitoUserPool = (userPoolId: string): { issuers: string[]; jwksUri: string } => {
  const original = CognitoJwtVerifier.parseUserPoolId(userPoolId);
  const updated = CognitoJwtVerifier.parseUserPoolId(userPoolId, 'issuer-cognito-idp');
  return { issuers: [original.issuer, updated.issuer], jwksUri: original.jwksUri };
};

/** Checks the claims of a token of a user pool. Throws an error of the library if one of them is not right. */
export const cognitoClaimsCheck = (rules: CognitoTokenRules): ((payload: JwtPayload) => void) => {
  const { issuers } = cognitoUserPool(rules.userPoolId);
  const fields = { issuer: issuers, audience: null, graceSeconds: LEEWAY_SECONDS };
  const tokenUse = rules.tokenUse === 'any' ? null : rules.tokenUse;
  const cognitoFields = { clientId: [...rules.clientIds], tokenUse };
  return (payload) => {
    validateJwtFields(payload, fields);
    validateCognitoJwtFields(payload, cognitoFields);
  };
};

/** The library's errors for claims that only Cognito has, each with the reason for the log. */
export const cognitoReasons = [
  [CognitoJwtInvalidClientIdError, 'the token is for another client'],
  [CognitoJwtInvalidTokenUseError, 'the token is for another use'],
] as const;
