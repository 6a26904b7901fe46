import * as v from 'valibot';
import { cognitoUserPool } from './jwt/cognito.ts';
import { readProxyEnv, type ProxyEnv } from './proxy.ts';
import { secretsIn } from './secrets.ts';
import type { TokenRules } from './jwt/jwt-authenticator.ts';

/** Settings of the adapters. Region, credentials and endpoints are read by the AWS SDK itself. */
export interface AwsConfig {
  readonly tableName: string;
  readonly summaryIndexName: string | undefined;
  readonly bucketName: string;
  readonly forcePathStyle: boolean;
  /** The address that URLs are signed for, if users reach S3 by another name than the service does. */
  readonly publicEndpoint: string | undefined;
  readonly urlTtlSeconds: number;
  /** The claim that is the user id. */
  readonly userIdClaim: string;
  /** The issuer of valid tokens; absent if tokens are verified elsewhere. */
  readonly tokens?: TokenConfig;
  /** The proxy for calls to AWS and fetches of token keys. */
  readonly proxyEnv?: ProxyEnv;
  /** Values of the environment that must not be logged. */
  readonly secrets: readonly string[];
}

export interface TokenConfig {
  readonly rules: TokenRules;
  readonly jwksUri: string;
}

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

const isTrustworthyUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
};

const isUserPoolId = (value: string): boolean => {
  try {
    return cognitoUserPool(value).issuers.length > 0;
  } catch {
    return false;
  }
};

const isHttpUrl = (value: string): boolean => /^https?:\/\//i.test(value) && URL.canParse(value);
const isTtl = (value: string): boolean => /^[0-9]+$/.test(value) && Number(value) >= 1 && Number(value) <= 604_800;

const text = v.string();
const trustworthyUrl = v.pipe(
  text,
  v.check(isTrustworthyUrl, 'must be an https: URL, or an http: URL of a loopback host'),
);

const storageEntries = v.object(
  {
    JOBS_TABLE: text,
    JOBS_SUMMARY_INDEX: v.optional(text),
    JOBS_BUCKET: text,
    S3_FORCE_PATH_STYLE: v.optional(v.picklist(['true', 'false'], 'must be true or false'), 'false'),
    S3_PUBLIC_ENDPOINT: v.optional(v.pipe(text, v.check(isHttpUrl, 'must be an http: or https: URL'))),
    URL_TTL_SECONDS: v.optional(v.pipe(text, v.check(isTtl, 'must be a whole number from 1 to 604800')), '3600'),
    USER_ID_CLAIM: v.optional(text, 'sub'),
  },
  'is missing',
);

/** With path style an address may be that of a compatible server in a private network, which often has no certificate. */
const storageVariables = v.pipe(
  storageEntries,
  v.forward(
    v.partialCheck(
      [['S3_PUBLIC_ENDPOINT'], ['S3_FORCE_PATH_STYLE']],
      ({ S3_PUBLIC_ENDPOINT: endpoint, S3_FORCE_PATH_STYLE: pathStyle }) =>
        endpoint === undefined || pathStyle === 'true' || isTrustworthyUrl(endpoint),
      'must be an https: URL, or an http: URL of a loopback host, unless S3_FORCE_PATH_STYLE is true',
    ),
    ['S3_PUBLIC_ENDPOINT'],
  ),
);

const absent = v.optional(v.never('must not be set beside COGNITO_USER_POOL_ID or COGNITO_CLIENT_ID'));

const cognitoVariables = v.object(
  {
    COGNITO_USER_POOL_ID: v.pipe(text, v.check(isUserPoolId, 'must be a user pool id such as eu-west-1_AbCdEfGhI')),
    COGNITO_CLIENT_ID: text,
    TOKEN_USE: v.optional(v.picklist(['id', 'access', 'any'], 'must be id, access or any'), 'id'),
    JWT_ISSUER: absent,
    JWT_AUDIENCE: absent,
    JWT_JWKS_URI: absent,
  },
  'is missing (or set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URI instead)',
);

const cognitoTokens = v.pipe(
  cognitoVariables,
  v.transform(({ COGNITO_USER_POOL_ID: userPoolId, COGNITO_CLIENT_ID: clientIds, TOKEN_USE: tokenUse }) => ({
    rules: {
      mode: 'cognito' as const,
      userPoolId,
      clientIds: clientIds.split(',').map((id) => id.trim()),
      tokenUse,
    },
    jwksUri: cognitoUserPool(userPoolId).jwksUri,
  })),
);

const oidcTokens = v.pipe(
  v.object({ JWT_ISSUER: trustworthyUrl, JWT_AUDIENCE: text, JWT_JWKS_URI: trustworthyUrl }, 'is missing'),
  v.transform(({ JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URI: jwksUri }) => ({
    rules: { mode: 'oidc' as const, issuer, audience: [audience] },
    jwksUri,
  })),
);

/** Names of the variables that {@link readAwsConfig} reads. */
export const awsVariables: readonly string[] = [
  ...Object.keys(storageEntries.entries),
  ...Object.keys(cognitoVariables.entries),
];

export interface ReadOptions {
  /** `false` if tokens are verified elsewhere: then the variables of the issuer are not read. */
  readonly tokens?: boolean;
}

const isSet = (variables: object, prefix: string): boolean =>
  Object.keys(variables).some((name) => name.startsWith(prefix));

const readTokens = (given: object) =>
  isSet(given, 'JWT_') && !isSet(given, 'COGNITO_')
    ? v.safeParse(oidcTokens, given)
    : v.safeParse(cognitoTokens, given);

/**
 * Reads the variables of the adapters (docs/configuration.md). Returns the configuration or all problems, one sentence
 * each. An empty variable counts as not set.
 */
export const readAwsConfig = (
  env: Readonly<Record<string, string | undefined>>,
  { tokens: withTokens = true }: ReadOptions = {},
): { config: AwsConfig; problems?: never } | { config?: never; problems: readonly string[] } => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const storage = v.safeParse(storageVariables, given);
  const tokens = withTokens ? readTokens(given) : undefined;
  if (!storage.success || tokens?.success === false) {
    const issues = [...(storage.issues ?? []), ...(tokens?.issues ?? [])];
    return { problems: issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`) };
  }
  const proxyEnv = readProxyEnv(given);
  return {
    config: {
      tableName: storage.output.JOBS_TABLE,
      summaryIndexName: storage.output.JOBS_SUMMARY_INDEX,
      bucketName: storage.output.JOBS_BUCKET,
      forcePathStyle: storage.output.S3_FORCE_PATH_STYLE === 'true',
      publicEndpoint: storage.output.S3_PUBLIC_ENDPOINT,
      urlTtlSeconds: Number(storage.output.URL_TTL_SECONDS),
      userIdClaim: storage.output.USER_ID_CLAIM,
      ...(tokens && { tokens: tokens.output }),
      ...(proxyEnv && { proxyEnv }),
      secrets: secretsIn(given),
    },
  };
};
