import { describe, expect, test } from '@jest/globals';
import { readAwsConfig } from './config.ts';

const storage = { JOBS_TABLE: 'jobs', JOBS_BUCKET: 'jobs-files' };
const cognito = { COGNITO_USER_POOL_ID: 'eu-west-1_AbCdEfGhI', COGNITO_CLIENT_ID: 'client' };
const oidc = {
  JWT_ISSUER: 'https://issuer.example.com/',
  JWT_AUDIENCE: 'jobs',
  JWT_JWKS_URI: 'https://issuer.example.com/keys',
};

describe('readAwsConfig', () => {
  test('reads the required variables, and has defaults for the others', () => {
    expect(readAwsConfig({ ...storage, ...cognito, UNRELATED: 'x' }).config).toEqual({
      secrets: [],
      tableName: 'jobs',
      summaryIndexName: undefined,
      bucketName: 'jobs-files',
      forcePathStyle: false,
      publicEndpoint: undefined,
      urlTtlSeconds: 3600,
      userIdClaim: 'sub',
      tokens: {
        rules: { mode: 'cognito', userPoolId: 'eu-west-1_AbCdEfGhI', clientIds: ['client'], tokenUse: 'id' },
        jwksUri: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI/.well-known/jwks.json',
      },
    });
  });

  test('reads every variable', () => {
    const env = {
      ...storage,
      ...oidc,
      JOBS_SUMMARY_INDEX: 'jobs-summary',
      S3_FORCE_PATH_STYLE: 'true',
      S3_PUBLIC_ENDPOINT: 'http://files.example.com:9000',
      URL_TTL_SECONDS: '604800',
      USER_ID_CLAIM: 'uid',
    };
    expect(readAwsConfig(env).config).toEqual({
      secrets: [],
      tableName: 'jobs',
      summaryIndexName: 'jobs-summary',
      bucketName: 'jobs-files',
      forcePathStyle: true,
      publicEndpoint: 'http://files.example.com:9000',
      urlTtlSeconds: 604800,
      userIdClaim: 'uid',
      tokens: {
        rules: { mode: 'oidc', issuer: 'https://issuer.example.com/', audience: ['jobs'] },
        jwksUri: 'https://issuer.example.com/keys',
      },
    });
  });

  test('accepts several client ids, and each use of a token', () => {
    const env = { ...storage, ...cognito, COGNITO_CLIENT_ID: 'web, phone', TOKEN_USE: 'any' };
    expect(readAwsConfig(env).config?.tokens?.rules).toMatchObject({ clientIds: ['web', 'phone'], tokenUse: 'any' });
  });

  test('does not read the issuer if tokens are verified elsewhere', () => {
    const { config } = readAwsConfig({ ...storage, ...oidc, USER_ID_CLAIM: 'uid' }, { tokens: false });
    expect(config).toMatchObject({ tableName: 'jobs', userIdClaim: 'uid' });
    expect(config).not.toHaveProperty('tokens');
    expect(readAwsConfig({}, { tokens: false }).problems).toEqual(['JOBS_TABLE is missing', 'JOBS_BUCKET is missing']);
  });

  test('names everything that is missing at once', () => {
    expect(readAwsConfig({ JOBS_TABLE: '' }).problems).toEqual([
      'JOBS_TABLE is missing',
      'JOBS_BUCKET is missing',
      'COGNITO_USER_POOL_ID is missing (or set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URI instead)',
      'COGNITO_CLIENT_ID is missing (or set JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URI instead)',
    ]);
    expect(readAwsConfig({ ...storage, JWT_ISSUER: oidc.JWT_ISSUER }).problems).toEqual([
      'JWT_AUDIENCE is missing',
      'JWT_JWKS_URI is missing',
    ]);
  });

  test('rejects a user pool beside another issuer', () => {
    expect(readAwsConfig({ ...storage, ...cognito, ...oidc }).problems).toEqual([
      'JWT_ISSUER must not be set beside COGNITO_USER_POOL_ID or COGNITO_CLIENT_ID',
      'JWT_AUDIENCE must not be set beside COGNITO_USER_POOL_ID or COGNITO_CLIENT_ID',
      'JWT_JWKS_URI must not be set beside COGNITO_USER_POOL_ID or COGNITO_CLIENT_ID',
    ]);
  });

  test('names everything that is wrong at once', () => {
    const env = {
      ...storage,
      COGNITO_USER_POOL_ID: 'pool',
      COGNITO_CLIENT_ID: 'client',
      TOKEN_USE: 'refresh',
      URL_TTL_SECONDS: '0',
      S3_FORCE_PATH_STYLE: 'yes',
      S3_PUBLIC_ENDPOINT: 'files.example.com',
    };
    expect(readAwsConfig(env).problems?.toSorted()).toEqual([
      'COGNITO_USER_POOL_ID must be a user pool id such as eu-west-1_AbCdEfGhI',
      'S3_FORCE_PATH_STYLE must be true or false',
      'S3_PUBLIC_ENDPOINT must be an http: or https: URL',
      'TOKEN_USE must be id, access or any',
      'URL_TTL_SECONDS must be a whole number from 1 to 604800',
    ]);
  });

  test.each(['0', '604801', '-1', '1.5', '1e3', ' 60', 'one', '0x10'])('rejects URL_TTL_SECONDS=%j', (value) => {
    expect(readAwsConfig({ ...storage, ...cognito, URL_TTL_SECONDS: value }).problems).toEqual([
      'URL_TTL_SECONDS must be a whole number from 1 to 604800',
    ]);
  });

  test.each(['JWT_ISSUER', 'JWT_JWKS_URI'])('accepts http: for %s only with a loopback host', (name) => {
    const problems = (value: string) => readAwsConfig({ ...storage, ...oidc, [name]: value }).problems;
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
      expect(problems(`http://${host}:8080/keys`)).toBeUndefined();
    for (const url of [
      'http://issuer.example.com',
      'http://127.0.0.1.example.com',
      'http://localhost.example.com',
      'http://10.0.0.1',
      'ftp://127.0.0.1',
      'issuer',
    ])
      expect(problems(url)).toEqual([`${name} must be an https: URL, or an http: URL of a loopback host`]);
  });

  test.each([
    ['http://files.example.com', 'false', false],
    ['http://files.example.com', 'true', true],
    ['http://127.0.0.1:9000', 'false', true],
    ['https://files.example.com', 'false', true],
  ])('S3_PUBLIC_ENDPOINT=%s with S3_FORCE_PATH_STYLE=%s is valid: %s', (endpoint, pathStyle, isValid) => {
    const env = { ...storage, S3_PUBLIC_ENDPOINT: endpoint, S3_FORCE_PATH_STYLE: pathStyle };
    expect(readAwsConfig(env, { tokens: false }).problems).toEqual(
      isValid
        ? undefined
        : [
            'S3_PUBLIC_ENDPOINT must be an https: URL, or an http: URL of a loopback host, unless S3_FORCE_PATH_STYLE is true',
          ],
    );
  });
});
