import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { awsVariables, cognitoUserPool, jobsTable, readAwsConfig } from '@jobs-api/adapters-aws';
import { createJobs, jobStatuses } from '@jobs-api/core';
import { MemoryAuthenticator, MemoryJobStore, MemoryObjectStore } from '@jobs-api/core/testing';
import { createApp, createLogger, httpVariables, readHttpConfig } from '@jobs-api/http-express';
import { listen } from '@jobs-api/local/loopback';
import {
  deploy,
  readTemplate,
  textOf,
  type Deployment,
  type TemplateProperties,
  type TemplateValue,
} from './testing/cloudformation.ts';
import { schemaProblems } from './testing/resource-schemas.ts';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

const template = readTemplate(await read('template.yaml'));

const POOL = 'eu-west-1_AbCdEfGhI';
const BUS = 'arn:aws:events:eu-west-1:123456789012:event-bus/jobs';
const ids = { UserPool: POOL, UserPoolClient: 'client', Function: 'function' };
const everythingThere = {
  ExistingTable: 'their-table',
  ExistingTableIndex: 'their-index',
  ExistingTableStreamArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/their-table/stream/2026-01-01T00:00:00.000',
  ExistingBucket: 'their-bucket',
  ExistingUserPool: 'us-east-1_JkLmNoPqR',
  ExistingUserPoolClients: 'one,two',
};

const made = deploy(template, {}, ids);
const brought = deploy(template, everythingThere, ids);

const propertiesOf = ({ resources }: Deployment, id: string): TemplateProperties => {
  const resource = resources[id];
  if (!resource) throw new Error(`${id} is not made`);
  return resource.Properties;
};

const environmentOf = (deployment: Deployment): Readonly<Record<string, string>> => {
  const { Variables } = propertiesOf(deployment, 'Function').Environment as TemplateProperties;
  return Object.fromEntries(
    Object.entries(Variables as TemplateProperties).map(([name, value]) => [name, textOf(value)]),
  );
};

const everyReference = (value: unknown): string[] => {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => {
    if (key === 'Ref' || key === 'Condition') return [String(item)];
    if (key === 'Fn::If') return [textOf((item as TemplateValue[])[0]), ...everyReference(item)];
    const substituted = key === 'Fn::Sub' ? JSON.stringify(item).matchAll(/\$\{([^}]+)\}/g) : [];
    return [...Array.from(substituted, ([, name = '']) => name), ...everyReference(item)];
  });
};

/** Every value that a parameter lists, or its least and its greatest. */
const extremesOf = (name: string): string[] => {
  const { AllowedValues = [], MinValue, MaxValue } = template.Parameters[name] ?? {};
  return [...AllowedValues, MinValue, MaxValue].filter((value) => value !== undefined).map(String);
};

describe('the template', () => {
  /** A value other than the default of each parameter that decides what is made. */
  const optional = {
    ...everythingThere,
    UserPoolIssuer: 'UPDATED',
    CorsOrigins: 'https://app.example.com',
    ReservedConcurrency: '5',
    AlarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:alarms',
    EventBusArn: BUS,
    OrphansSchedule: 'rate(1 day)',
  };

  test('is refused or refers only to what exists, with properties of CloudFormation, in every combination', () => {
    const names = Object.keys(optional) as (keyof typeof optional)[];
    const outcomes = { deployed: 0, refused: 0 };
    for (let choice = 0; choice < 2 ** names.length; choice++) {
      const given = Object.fromEntries(
        names.filter((_, bit) => choice & (1 << bit)).map((name) => [name, optional[name]]),
      );
      const has = (name: keyof typeof optional) => name in given;
      const isRefused =
        (has('ExistingTableIndex') && !has('ExistingTable')) ||
        (has('ExistingTableStreamArn') && !has('ExistingTable')) ||
        (has('EventBusArn') && has('ExistingTable') && !has('ExistingTableStreamArn')) ||
        (has('ExistingUserPoolClients') && !has('ExistingUserPool'));
      if (isRefused) {
        expect(() => deploy(template, given, ids)).toThrow(/^(Existing\w+ (is|are)|EventBusArn needs) /);
        outcomes.refused++;
      } else {
        const problems = schemaProblems(deploy(template, given, ids));
        if (problems.length > 0) throw new Error([JSON.stringify(given), ...problems].join('\n'));
        outcomes.deployed++;
      }
    }
    // 3 of 4 choices of pool and clients, 8 of 16 of table, index, stream and bus, all of the others.
    expect(outcomes).toEqual({
      deployed: (2 ** names.length * 3 * 8) / (4 * 16),
      refused: 2 ** names.length * (1 - 24 / 64),
    });
  });

  test('has no parameter beside those of these combinations that decides what is made', () => {
    const { Conditions, Rules } = template;
    const deciding = everyReference({ Conditions, Rules }).filter((name) => name in template.Parameters);
    expect(Object.keys(optional)).toEqual(expect.arrayContaining(deciding));
  });

  const values = Object.keys(template.Parameters).flatMap((name) =>
    extremesOf(name).map((value): [string, string] => [name, value]),
  );

  test.each(values)('has properties of CloudFormation with %s=%s', (name, value) => {
    const everything = { EventBusArn: BUS, OrphansSchedule: 'rate(1 day)', [name]: value };
    expect(schemaProblems(deploy(template, everything, ids))).toEqual([]);
  });

  test('has no parameter and no resource with a name that SAM gives to what it makes of an event', () => {
    const generated = Object.entries(template.Resources).flatMap(([id, { Properties }]) =>
      Object.keys((Properties.Events ?? {}) as TemplateProperties).flatMap((event) => [
        id + event,
        `${id}${event}Permission`,
      ]),
    );
    expect(generated).toContain('OrphansRun');
    const declared = [...Object.keys(template.Parameters), ...Object.keys(template.Resources)];
    expect(declared.filter((name) => generated.includes(name))).toEqual([]);
  });

  test('the comparison with the schemas reports what CloudFormation does not know', () => {
    const [id, pipe] = Object.entries(deploy(template, { EventBusArn: BUS }, ids).resources).find(
      ([, { Type }]) => Type === 'AWS::Pipes::Pipe',
    ) as [string, Deployment['resources'][string]];
    const broken = (Type: string, changes: TemplateProperties) =>
      schemaProblems({ resources: { [id]: { Type, Properties: { ...pipe.Properties, ...changes } } }, outputs: {} });
    expect(broken('AWS::Pipes::Pipe', {})).toEqual([]);
    expect(broken('AWS::Pipes::Pipes', {})).toEqual([
      'EventPipe is of the type AWS::Pipes::Pipes, which does not exist',
    ]);
    expect(broken('AWS::Pipes::Pipe', { Sauce: 'x' })).toEqual(['EventPipe (AWS::Pipes::Pipe) has no property Sauce']);
    expect(broken('AWS::Pipes::Pipe', { SourceParameters: { FilterCriteria: { Filter: [] } } })).toEqual([
      'EventPipe (AWS::Pipes::Pipe).SourceParameters.FilterCriteria has no property Filter',
    ]);
  });

  test('makes no resource that a parameter names', () => {
    const left = (given: Record<string, string>) => Object.keys(deploy(template, given).resources);
    const all = left({});
    const without = (...gone: string[]) => all.filter((id) => !gone.includes(id));
    expect(left({ ExistingTable: 't' })).toEqual(without('Table'));
    expect(left({ ExistingBucket: 'b' })).toEqual(without('Bucket', 'BucketPolicy'));
    expect(left({ ExistingUserPool: POOL })).toEqual(without('UserPool'));
    expect(left({ ExistingUserPool: POOL, ExistingUserPoolClients: 'c' })).toEqual(
      without('UserPool', 'UserPoolClient'),
    );
  });

  test('has no unused parameter and no unused condition', () => {
    const { Conditions, Resources, Outputs } = template;
    const references = new Set(everyReference({ Conditions, Resources, Outputs }));
    const declared = [...Object.keys(template.Parameters), ...Object.keys(template.Conditions)];
    expect(declared.filter((name) => !references.has(name))).toEqual([]);
  });

  test('outputs the resources that it made or that parameters name', () => {
    expect(made.outputs).toEqual({
      ApiUrl: 'https://Api.execute-api.AWS::Region.AWS::URLSuffix',
      TableName: 'Table',
      BucketName: 'Bucket',
      UserPoolId: POOL,
      UserPoolClientId: 'client',
      FunctionName: 'function',
      FunctionRoleArn: 'Role.Arn',
    });
    expect(brought.outputs).toMatchObject({
      TableName: 'their-table',
      BucketName: 'their-bucket',
      UserPoolId: 'us-east-1_JkLmNoPqR',
      UserPoolClientId: 'one,two',
    });
  });

  test('has no parameter and no alarm that docs/operations.md does not name', async () => {
    const operations = await read('../docs/operations.md');
    const alarms = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');
    const names = [...Object.keys(template.Parameters), ...alarms.map(([id]) => id)];
    expect(names.filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
  });

  test.each(['Table', 'Bucket', 'BucketPolicy', 'UserPool'])(
    'keeps the %s when the stack is deleted, but not when its first deployment fails',
    (id) => {
      expect(template.Resources[id]).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
    },
  );
});

describe('the table', () => {
  const table = propertiesOf(made, 'Table');
  const described = jobsTable('any');

  test.each(Object.entries(described).filter(([name]) => name !== 'TableName'))(
    'has the %s that the adapters define',
    (name, value) => {
      expect(table[name]).toEqual(value);
    },
  );

  test('is read by lists through its index', () => {
    const [index] = described.GlobalSecondaryIndexes;
    expect(environmentOf(made)).toMatchObject({ JOBS_TABLE: 'Table', JOBS_SUMMARY_INDEX: index?.IndexName });
  });

  test.each([
    ['protected from deletion', { DeletionProtectionEnabled: true }],
    ['recoverable to a point in time', { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
    ['encrypted', { SSESpecification: { SSEEnabled: true } }],
  ])('is %s', (_name, properties) => {
    expect(table).toMatchObject(properties);
  });
});

describe('the bucket', () => {
  const bucket = propertiesOf(made, 'Bucket');

  test.each(['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'])(
    'blocks public access: %s',
    (setting) => {
      expect(bucket.PublicAccessBlockConfiguration).toHaveProperty(setting, true);
    },
  );

  test('owns its objects, also those that other accounts upload', () => {
    expect(bucket.OwnershipControls).toEqual({ Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] });
  });

  test('is encrypted', () => {
    const rule = { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } };
    expect(bucket.BucketEncryption).toEqual({ ServerSideEncryptionConfiguration: [rule] });
  });

  test('keeps versions', () => {
    expect(bucket.VersioningConfiguration).toEqual({ Status: 'Enabled' });
  });

  test.each([
    ['abandoned uploads', { AbortIncompleteMultipartUpload: { DaysAfterInitiation: expect.any(Number) } }],
    ['old versions', { NoncurrentVersionExpiration: { NoncurrentDays: expect.any(Number) } }],
    ['delete markers without older versions', { ExpiredObjectDeleteMarker: true }],
  ])('ends %s', (_name, ending) => {
    expect(bucket.LifecycleConfiguration).toMatchObject({ Rules: [{ Status: 'Enabled', ...ending }] });
  });

  test('never deletes or moves the newest version of a file', () => {
    expect(JSON.stringify(bucket.LifecycleConfiguration)).not.toMatch(/"Expiration|"Transition/);
  });

  test('rejects requests without TLS', () => {
    expect(propertiesOf(made, 'BucketPolicy')).toMatchObject({
      Bucket: 'Bucket',
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: ['Bucket.Arn', 'Bucket.Arn/*'],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  test('allows the origins that may call the API to fetch files, and no others', () => {
    expect(bucket).not.toHaveProperty('CorsConfiguration');
    const given = { CorsOrigins: 'https://app.example.com,http://localhost:5173' };
    const deployment = deploy(template, given, ids);
    const { config } = readHttpConfig(environmentOf(deployment));
    const rule = { AllowedMethods: ['GET'], AllowedOrigins: config?.corsOrigins, MaxAge: 600 };
    expect(config?.corsOrigins).toHaveLength(2);
    expect(propertiesOf(deployment, 'Bucket').CorsConfiguration).toEqual({ CorsRules: [rule] });
  });
});

describe('the environment', () => {
  /** Variables that have no effect on Lambda, and why. The template has to set every other variable that is read. */
  const elsewhere: Readonly<Record<string, string>> = {
    PORT: 'nothing listens',
    HOST: 'nothing listens',
    DOCS: 'the page is of the service alone',
    KEEP_ALIVE_SECONDS: 'nothing listens',
    DRAIN_SECONDS: 'Lambda stops nothing that is busy',
    SHUTDOWN_GRACE_SECONDS: 'Lambda stops nothing that is busy',
    METRICS_PORT: 'nothing listens',
    MAX_IN_FLIGHT: 'a function is given one request at a time; ReservedConcurrency limits how many there are',
    S3_FORCE_PATH_STYLE: 'for servers other than S3',
    S3_PUBLIC_ENDPOINT: 'for servers other than S3',
    JWT_ISSUER: 'the tokens are those of a user pool',
    JWT_AUDIENCE: 'the tokens are those of a user pool',
    JWT_JWKS_URI: 'the tokens are those of a user pool',
  };

  const { Environment } = template.Resources.Function?.Properties as { Environment: { Variables: TemplateProperties } };

  const configurations = (deployment: Deployment) => {
    const env = environmentOf(deployment);
    return [readAwsConfig(env), readHttpConfig(env)];
  };

  test('has every variable that has an effect on Lambda, and no other', () => {
    const expected = [...awsVariables, ...httpVariables, 'LAMBDA_AUTH'].filter((name) => !(name in elsewhere));
    expect(Object.keys(environmentOf(made)).sort()).toEqual(expected.sort());
  });

  test('has no variable that no parameter sets', () => {
    const fixed = Object.entries(Environment.Variables).filter(
      ([, value]) => !everyReference(value).some((name) => name in template.Parameters),
    );
    expect(fixed).toEqual([]);
  });

  test('is accepted by the configuration, also if every resource exists already', () => {
    const env = environmentOf(brought);
    expect(configurations(made)).toMatchObject([{ config: expect.anything() }, { config: expect.anything() }]);
    expect(readAwsConfig(env).config).toMatchObject({
      tableName: 'their-table',
      summaryIndexName: 'their-index',
      bucketName: 'their-bucket',
      tokens: { rules: { userPoolId: 'us-east-1_JkLmNoPqR', clientIds: ['one', 'two'] } },
    });
    expect(
      readAwsConfig({ ...env, ...environmentOf(deploy(template, { ExistingTable: 't' }, ids)) }).config,
    ).toMatchObject({
      tableName: 't',
      summaryIndexName: undefined,
    });
  });

  test('has the defaults of the configuration', () => {
    const { JOBS_TABLE, JOBS_SUMMARY_INDEX, JOBS_BUCKET, COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID } =
      environmentOf(made);
    const required = { JOBS_TABLE, JOBS_SUMMARY_INDEX, JOBS_BUCKET, COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID };
    expect(configurations(made)).toEqual([readAwsConfig(required), readHttpConfig({})]);
  });

  test('lets the function verify tokens by default', () => {
    expect(environmentOf(made)).toMatchObject({ LAMBDA_AUTH: 'jwt' });
    expect(template.Parameters.LambdaAuth?.AllowedValues).toEqual(['jwt', 'gateway']);
  });

  const extremes = [...new Set(everyReference(Environment))].flatMap((name) =>
    extremesOf(name).map((value): [string, string] => [name, value]),
  );

  test.each(extremes)('accepts %s=%s', (name, value) => {
    expect(configurations(deploy(template, { [name]: value }, ids)).flatMap(({ problems }) => problems ?? [])).toEqual(
      [],
    );
  });

  test.each([
    ['CorsOrigins', 'https://app.example.com'],
    ['CorsOrigins', 'https://app.example.com:8443,http://localhost:5173'],
    ['CorsOrigins', 'http://127.0.0.1:8080'],
    ['CorsOrigins', 'https://192.168.100.255,https://1.example.com'],
    ['ExistingUserPool', 'us-gov-west-1_AbCdEfGhI'],
    ['ExistingUserPool', 'eusc-de-east-1_AbCdEfGhI'],
  ])('accepts %s=%s, as the function does', (name, value) => {
    expect(configurations(deploy(template, { [name]: value }, ids)).flatMap(({ problems }) => problems ?? [])).toEqual(
      [],
    );
  });

  test.each([
    ['UrlTtlSeconds', '604801'],
    ['UserIdClaim', ''],
    ['LogLevel', 'loud'],
    ['TokenUse', 'refresh'],
    ['CorsOrigins', '*'],
    ['CorsOrigins', 'https://app.example.com/'],
    ['CorsOrigins', 'https://a.example.com, https://b.example.com'],
    ['CorsOrigins', 'https://app.example.com:443'],
    ['CorsOrigins', 'http://app.example.com:80,https://b.example.com'],
    ['CorsOrigins', 'https://app.example.com:'],
    ['CorsOrigins', 'https://app.example.com,'],
    ['CorsOrigins', 'https://App.example.com'],
    ['CorsOrigins', 'https://1'],
    ['CorsOrigins', 'http://127.0.0.256'],
    ['CorsOrigins', 'http://127.0.0.01'],
    ['CorsOrigins', 'http://127.1:8080'],
    ['EventBusArn', 'jobs'],
    ['OrphansSchedule', 'daily'],
    ['OrphansOlderThan', 'yesterday'],
    ['ExistingUserPool', 'pool'],
    ['ExistingUserPool', 'eu_AbCdEfGhI'],
    ['ExistingUserPool', 'eu-west-1_'],
    ['ExistingUserPoolClients', 'one, two'],
  ])('rejects %s=%s', (name, value) => {
    expect(() => deploy(template, { ExistingUserPool: POOL, [name]: value }, ids)).toThrow(
      `${name} cannot be '${value}'`,
    );
  });
});

describe('the routes', () => {
  interface Route {
    readonly key: string;
    readonly authorizer: string | undefined;
  }

  const api = propertiesOf(made, 'Api') as { Auth: { Authorizers: TemplateProperties; DefaultAuthorizer?: string } };
  const events = Object.values(propertiesOf(made, 'Function').Events as TemplateProperties) as {
    Type: string;
    Properties: { ApiId: string; Method?: string; Path?: string; Auth?: { Authorizer?: string } };
  }[];
  const routes: Route[] = events.map(({ Properties: { Method = '', Path = '', Auth } }) => ({
    key: `${Method} ${Path}`.trim() || '$default',
    authorizer: Auth?.Authorizer,
  }));

  /**
   * The route that an HTTP API chooses
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html).
   */
  const routeFor = (method: string, path: string): Route | undefined => {
    return routes.find(({ key }) => key === `${method} ${path}`) ?? routes.find(({ key }) => key === '$default');
  };

  const app = createApp({
    jobs: createJobs({ jobStore: new MemoryJobStore(), objectStore: new MemoryObjectStore() }),
    authenticator: new MemoryAuthenticator(),
    logger: createLogger({ level: 'silent' }),
  });
  const server = createServer(app);

  /** Every method and path that the app serves, by its own `Allow` headers, and whether it needs a token. */
  let served: { method: string; path: string; takesToken: boolean }[];

  beforeAll(async () => {
    const origin = await listen(server);
    const paths = pathsOf(app.router.stack as unknown as readonly Layer[]);
    const servedAt = paths.map(async (path) => {
      const { headers } = await fetch(origin + path, { method: 'OPTIONS' });
      const methods = headers.get('allow')?.split(', ') ?? [];
      const statuses = methods.map(async (method) => (await fetch(origin + path, { method })).status);
      return (await Promise.all(statuses)).map((status, index) => ({
        method: methods[index] ?? '',
        path,
        takesToken: status === 401,
      }));
    });
    served = (await Promise.all(servedAt)).flat();
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  interface Layer {
    readonly route?: { readonly path: string };
    readonly handle: { readonly stack?: readonly Layer[] };
  }

  const pathsOf = (stack: readonly Layer[]): string[] =>
    stack.flatMap(({ route, handle }) => (route ? [route.path] : pathsOf(handle.stack ?? [])));

  test('belong to one API, which has one authorizer', () => {
    expect(events.map(({ Type, Properties: { ApiId } }) => [Type, ApiId])).toEqual(
      events.map(() => ['HttpApi', 'Api']),
    );
    expect(Object.keys(api.Auth.Authorizers)).toEqual(['UserPool']);
    expect(api.Auth).not.toHaveProperty('DefaultAuthorizer');
  });

  test('have the authorizer exactly if the app needs a token for them', () => {
    const guarded = routes.filter(({ authorizer }) => authorizer === 'UserPool').map(({ key }) => key);
    const expected = served.filter(({ takesToken }) => takesToken).map(({ method, path }) => `${method} ${path}`);
    expect(new Set(expected.map((key) => key.split(' ')[1])).size).toBeGreaterThanOrEqual(4);
    expect(guarded.sort()).toEqual(expected.sort());
  });

  const preflights = () =>
    [...new Set(served.filter(({ takesToken }) => takesToken).map(({ path }) => `OPTIONS ${path}`))].sort();

  test('without an authorizer are the preflights and one for everything else', () => {
    const open = routes.filter(({ authorizer }) => authorizer === undefined).map(({ key }) => key);
    expect(open.sort()).toEqual(['$default', ...preflights()]);
  });

  test('have no path parameters, since one without a schema is a warning and FailOnWarnings is set', () => {
    expect(routes.filter(({ key }) => key.includes('{'))).toEqual([]);
    expect(api).toHaveProperty('FailOnWarnings', true);
  });

  test('let requests that need no token pass without one', () => {
    const open = served.filter(({ takesToken }) => !takesToken);
    expect(open.map(({ path }) => path)).toEqual(expect.arrayContaining(['/healthz', '/readyz', '/openapi.json']));
    for (const { method, path } of open) expect(routeFor(method, path)).toEqual({ key: '$default' });
  });

  test('let preflights pass without a token', () => {
    for (const key of preflights()) {
      const [method = '', path = ''] = key.split(' ');
      expect(routeFor(method, path)).toEqual({ key });
    }
    expect(api).not.toHaveProperty('CorsConfiguration');
  });

  test('are throttled, each by parameters, and everything but the four routes by others', () => {
    const given = { ThrottlingRateLimit: '7', ThrottlingBurstLimit: '8', OtherThrottlingRateLimit: '9' };
    const deployment = deploy(template, given, ids);
    expect(propertiesOf(deployment, 'Api')).toHaveProperty('DefaultRouteSettings', {
      ThrottlingRateLimit: '7',
      ThrottlingBurstLimit: '8',
    });
    const own = Object.values(propertiesOf(deployment, 'Function').Events as TemplateProperties).filter(
      (event) => 'RouteSettings' in ((event as TemplateProperties).Properties as TemplateProperties),
    );
    const RouteSettings = { ThrottlingRateLimit: '9', ThrottlingBurstLimit: '100' };
    expect(own).toEqual([{ Type: 'HttpApi', Properties: { ApiId: 'Api', RouteSettings } }]);
  });

  test.each([
    ['made', made, POOL, ['client']],
    ['brought', brought, 'us-east-1_JkLmNoPqR', ['one', 'two']],
  ])('accept tokens of the user pool that was %s, for its clients', (_name, deployment, pool, audience) => {
    const [region = ''] = pool.split('_');
    expect(propertiesOf(deployment, 'Api').Auth).toEqual({
      Authorizers: {
        UserPool: {
          IdentitySource: '$request.header.Authorization',
          JwtConfiguration: { issuer: `https://cognito-idp.${region}.amazonaws.com/${pool}`, audience },
        },
      },
    });
  });
});

describe('the issuer', () => {
  test('is the updated one of the pool if that is requested', () => {
    const deployment = deploy(template, { UserPoolIssuer: 'UPDATED' }, ids);
    expect(propertiesOf(deployment, 'Api')).toMatchObject({
      Auth: {
        Authorizers: {
          UserPool: { JwtConfiguration: { issuer: `https://issuer-cognito-idp.eu-west-1.amazonaws.com/${POOL}` } },
        },
      },
    });
    expect(propertiesOf(deployment, 'UserPool')).toHaveProperty('IssuerConfiguration', { Type: 'UPDATED' });
    expect(propertiesOf(made, 'UserPool')).toHaveProperty('IssuerConfiguration', { Type: 'ORIGINAL' });
  });

  test('has issuers that the function accepts', () => {
    for (const UserPoolIssuer of ['ORIGINAL', 'UPDATED']) {
      const { Auth } = propertiesOf(deploy(template, { UserPoolIssuer }, ids), 'Api') as { Auth: TemplateProperties };
      const [, issuer] = /"issuer":"([^"]+)"/.exec(JSON.stringify(Auth)) ?? [];
      expect(cognitoUserPool(POOL).issuers).toContain(issuer);
    }
  });
});

describe('the user pool', () => {
  test('has users that cannot change their own email through the client', () => {
    const { WriteAttributes } = propertiesOf(made, 'UserPoolClient') as { WriteAttributes: string[] };
    expect(WriteAttributes).not.toContain('email');
    expect(propertiesOf(made, 'UserPool')).toMatchObject({
      UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] },
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    });
  });
});

describe('events of finished jobs', () => {
  const withBus = deploy(template, { EventBusArn: BUS }, ids);

  test('are off by default, and the table has no stream', () => {
    expect(Object.keys(made.resources).filter((id) => id.startsWith('EventPipe'))).toEqual([]);
    expect(propertiesOf(made, 'Table')).not.toHaveProperty('StreamSpecification');
  });

  test('go from the stream of the table to the bus', () => {
    expect(propertiesOf(withBus, 'Table')).toHaveProperty('StreamSpecification', { StreamViewType: 'NEW_IMAGE' });
    expect(propertiesOf(withBus, 'EventPipe')).toMatchObject({ Source: 'Table.StreamArn', Target: BUS });
    const existing = deploy(template, { ...everythingThere, EventBusArn: BUS }, ids);
    expect(propertiesOf(existing, 'EventPipe')).toHaveProperty('Source', everythingThere.ExistingTableStreamArn);
  });

  const parametersOf = (name: string) => propertiesOf(withBus, 'EventPipe')[name] as TemplateProperties;

  test('are sent for exactly the statuses that are finished', () => {
    const { Filters } = parametersOf('SourceParameters').FilterCriteria as { Filters: { Pattern: string }[] };
    const { dynamodb } = JSON.parse(Filters[0]?.Pattern ?? '') as {
      dynamodb: { NewImage: { status: { S: string[] } } };
    };
    const finished = Object.keys(jobStatuses).filter((code) => /^(success|failed_(?!requeued))/.test(code));
    expect(dynamodb.NewImage.status.S.toSorted()).toEqual(finished.toSorted());
  });

  test('have the key and the status of the job, and nothing else of the record', () => {
    const { InputTemplate, EventBridgeEventBusParameters } = parametersOf('TargetParameters');
    expect(JSON.parse(textOf(InputTemplate))).toEqual({
      user_id: '<$.dynamodb.Keys.userId.S>',
      job_id: '<$.dynamodb.Keys.jobId.N>',
      status: '<$.dynamodb.NewImage.status.S>',
    });
    expect(EventBridgeEventBusParameters).toEqual({ Source: 'jobs-api', DetailType: 'Job finished' });
  });
});

describe('the search for orphans', () => {
  const scheduled = deploy(template, { OrphansSchedule: 'rate(1 day)' }, ids);

  test('is off by default', () => {
    expect(Object.keys(made.resources).filter((id) => id.startsWith('Orphans'))).toEqual([]);
  });

  test('deletes only if that is requested', () => {
    const environment = (deployment: Deployment) =>
      (propertiesOf(deployment, 'Orphans').Environment as TemplateProperties).Variables as TemplateProperties;
    expect(environment(scheduled)).toMatchObject({ ORPHANS_OLDER_THAN: '24h', ORPHANS_DELETE: 'false' });
    const deleting = deploy(template, { OrphansSchedule: 'rate(1 day)', OrphansDelete: 'true' }, ids);
    expect(environment(deleting)).toMatchObject({ ORPHANS_DELETE: 'true', JOBS_TABLE: 'Table', JOBS_BUCKET: 'Bucket' });
  });

  test('is a file in a zip that is built', async () => {
    const { CodeUri, Handler } = propertiesOf(scheduled, 'Orphans') as { CodeUri: string; Handler: string };
    expect(Handler).toBe('orphans.handler');
    const zip = await readFile(new URL(CodeUri, import.meta.url));
    expect(zip.includes('orphans.mjs')).toBe(true);
  });
});

describe('the function', () => {
  const properties = propertiesOf(made, 'Function') as TemplateProperties & {
    CodeUri: string;
    Handler: string;
    Timeout: number;
  };

  /** Names in the central directory (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, section 4.3.12). */
  const namesIn = (zip: Buffer): string[] => {
    const names: string[] = [];
    for (let at = zip.indexOf('PK\u0001\u0002'); at >= 0; at = zip.indexOf('PK\u0001\u0002', at + 46))
      names.push(zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)));
    return names;
  };

  test('is the handler in the zip that is built', async () => {
    const [file = '', name = ''] = properties.Handler.split('.');
    const zip = await readFile(new URL(properties.CodeUri, import.meta.url));
    expect(namesIn(zip)).toContain(`${file}.mjs`);
    const bundle = await read(`../packages/lambda-entry/dist/${file}.mjs`);
    expect(bundle).toMatch(new RegExp(`export ?\\{[^}]*\\b${name}\\b[^}]*\\}`));
  });

  test('runs on a Node that the code supports', async () => {
    const { engines } = JSON.parse(await read('../package.json')) as { engines: { node: string } };
    const [, oldest = ''] = /^>=(\d+)/.exec(engines.node) ?? [];
    const [, major = ''] = /^nodejs(\d+)\.x$/.exec(properties.Runtime as string) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(Number(oldest));
    expect(properties.Architectures).toEqual(['arm64']);
  });

  test('has more time than a request, and the gateway has more time than the function', () => {
    expect(properties.Timeout).toBeGreaterThan((template.Parameters.RequestTimeoutSeconds?.MaxValue ?? NaN) + 0.5);
    expect(properties.Timeout).toBeLessThan(30);
  });

  test('has a log with unchanged lines and a retention time', () => {
    expect(properties.LoggingConfig).toEqual({ LogFormat: 'Text', LogGroup: 'FunctionLog' });
    expect(propertiesOf(made, 'FunctionLog')).toHaveProperty('RetentionInDays', '30');
    expect(propertiesOf(made, 'AccessLog')).toHaveProperty('RetentionInDays', '30');
  });

  test('has reserved concurrency only if a parameter sets it', () => {
    expect(properties).not.toHaveProperty('ReservedConcurrentExecutions');
    const limited = propertiesOf(deploy(template, { ReservedConcurrency: '5' }), 'Function');
    expect(limited).toHaveProperty('ReservedConcurrentExecutions', '5');
  });
});

describe('the access log', () => {
  const { Format = '', DestinationArn } = propertiesOf(made, 'Api').AccessLogSettings as Record<string, string>;
  /** A line in which some variables have values. The others stay as they are. */
  const lineWith = (values: Readonly<Record<string, string>>) => {
    // This variable is a string with its quotes.
    const given = { 'error.messageString': '"text"', ...values };
    const line = Object.entries(given).reduce((text, [name, value]) => text.replace(`$context.${name}`, value), Format);
    return JSON.parse(line) as Record<string, string>;
  };

  test('is JSON with the source address and the reason of the authorizer, and without values that callers choose freely', () => {
    expect(DestinationArn).toBe('AccessLog.Arn');
    const line = lineWith({});
    expect(Object.values(line)).toContain('$context.authorizer.error');
    expect(Object.values(line)).toContain('$context.identity.sourceIp');
    // The gateway does not escape what callers choose.
    expect(Format).not.toMatch(/query|header|claims|\.path|userAgent|httpMethod|protocol/i);
  });

  test.each(['authorizer.error', 'integrationErrorMessage'])(
    'has fields that a quote in $context.%s cannot replace',
    (variable) => {
      const others = Object.entries(lineWith({})).filter(([, value]) => value !== `$context.${variable}`);
      const forged = others.map(([name]) => `"${name}":"forged"`).join(',');
      expect(lineWith({ [variable]: `text",${forged},"more":"` })).toMatchObject(
        // The other of these two messages is not escaped either.
        Object.fromEntries(others.filter(([, value]) => !/authorizer|integration/.test(value))),
      );
    },
  );
});

describe('the role', () => {
  type Grant = `${string} ${'table' | 'index' | 'bucket' | 'objects' | 'log'}`;

  /**
   * The rights that each command of the adapters needs, from the tables of operations in
   * https://docs.aws.amazon.com/service-authorization/latest/reference/list_dynamodb.html and …/list_s3.html
   */
  const grants: Readonly<Record<string, readonly Grant[]>> = {
    DescribeTableCommand: ['dynamodb:DescribeTable table'],
    GetItemCommand: ['dynamodb:GetItem table'],
    QueryCommand: ['dynamodb:Query table', 'dynamodb:Query index'],
    DeleteItemCommand: ['dynamodb:DeleteItem table'],
    HeadBucketCommand: ['s3:ListBucket bucket'],
    GetObjectCommand: ['s3:GetObject objects'],
    ListObjectVersionsCommand: ['s3:ListBucketVersions bucket'],
    ListMultipartUploadsCommand: ['s3:ListBucketMultipartUploads bucket'],
    AbortMultipartUploadCommand: ['s3:AbortMultipartUpload objects'],
    DeleteObjectCommand: ['s3:DeleteObject objects', 's3:DeleteObjectVersion objects'],
    DeleteObjectsCommand: ['s3:DeleteObject objects', 's3:DeleteObjectVersion objects'],
    // Only `--check` sends these. It runs with an operator's rights, and warns without them.
    DescribeContinuousBackupsCommand: [],
    GetObjectLockConfigurationCommand: [],
    GetBucketVersioningCommand: [],
    GetBucketLifecycleConfigurationCommand: [],
    // Only `--orphans` sends it, with rights of its own.
    ScanCommand: [],
  };

  /** A link has the rights of the role that signed it. Lambda writes the log. */
  const besides: readonly Grant[] = ['s3:GetObject objects', 'logs:CreateLogStream log', 'logs:PutLogEvents log'];

  /** The values that the adapters import from the SDK's clients. */
  const imported = async (): Promise<string[]> => {
    const root = new URL('../packages/adapters-aws/src/', import.meta.url);
    const files = (await readdir(root, { recursive: true })).filter((name) => /(?<!test)\.ts$/.test(name));
    const sources = await Promise.all(files.map((name) => readFile(new URL(name, root), 'utf8')));
    const imports = sources.join('\n').matchAll(/^import (?!type\b)([^;]*?) from '@aws-sdk\/(?:client|lib)-[^']*'/gm);
    return Array.from(imports, ([, names = '']) => names.replace(/[{}]/g, '').split(','))
      .flat()
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '));
  };

  const account = 'AWS::Region:AWS::AccountId';
  const theirTable = `arn:AWS::Partition:dynamodb:${account}:table/their-table`;
  const targets: Readonly<Record<string, string>> = {
    'Table.Arn': 'table',
    'Table.Arn/index/jobs-summary': 'index',
    'Bucket.Arn': 'bucket',
    'Bucket.Arn/*': 'objects',
    [theirTable]: 'table',
    [`${theirTable}/index/their-index`]: 'index',
    'arn:AWS::Partition:s3:::their-bucket': 'bucket',
    'arn:AWS::Partition:s3:::their-bucket/*': 'objects',
    'FunctionLog.Arn': 'log',
  };

  const granted = (deployment: Deployment): string[] => {
    const { Policies } = propertiesOf(deployment, 'Role') as { Policies: TemplateProperties[] };
    const statements = Policies.flatMap(
      ({ PolicyDocument }) => (PolicyDocument as TemplateProperties).Statement as TemplateProperties[],
    );
    return statements.flatMap(({ Effect, Action, Resource }) =>
      [Action].flat().flatMap((action) =>
        [Resource].flat().map((resource) => {
          const grant = `${textOf(action)} ${targets[textOf(resource)] ?? textOf(resource)}`;
          return Effect === 'Allow' ? grant : `${textOf(Effect)} ${grant}`;
        }),
      ),
    );
  };

  test('has a row above for every command that the adapters send', async () => {
    const names = await imported();
    expect(names).toContain('DeleteObjectsCommand');
    expect(names.filter((name) => name.endsWith('Command') && !(name in grants))).toEqual([]);
    // These send commands without naming them.
    expect(names.filter((name) => /^(paginate|waitUntil|S3$|DynamoDB$)|\bas\b/.test(name))).toEqual([]);
  });

  test.each([
    ['resources that it makes', made, () => true],
    ['existing resources', brought, () => true],
    [
      'a table that has no index',
      deploy(template, { ...everythingThere, ExistingTableIndex: '' }, ids),
      (grant: Grant) => !grant.endsWith(' index'),
    ],
  ])('has exactly the rights that the adapters need for %s', async (_name, deployment, exists) => {
    const needed = [...(await imported()).flatMap((name) => grants[name] ?? []), ...besides].filter(exists);
    expect(granted(deployment).sort()).toEqual([...new Set(needed)].sort());
  });

  test('has no other rights, and only Lambda can assume it', () => {
    expect(propertiesOf(made, 'Function')).toHaveProperty('Role', 'Role.Arn');
    expect(propertiesOf(made, 'Function')).not.toHaveProperty('Policies');
    expect(propertiesOf(made, 'Role')).toEqual({
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [expect.anything()],
    });
  });
});

describe('the alarms', () => {
  const topic = 'arn:aws:sns:eu-west-1:123456789012:alarms';
  const alarmsOf = ({ resources }: Deployment) =>
    Object.values(resources)
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .map(({ Properties: p }) => p);

  test('watch errors of the function in minutes with 5xx, its throttles, and the share of responses that are 5xx', () => {
    const ofFunction = { Namespace: 'AWS/Lambda', Dimensions: [{ Name: 'FunctionName', Value: 'function' }] };
    const ofApi = { Namespace: 'AWS/ApiGateway', Dimensions: [{ Name: 'ApiId', Value: 'Api' }] };
    const series = (Id: string, of: object, MetricName: string) => ({
      Id,
      ReturnData: false,
      MetricStat: { Metric: { ...of, MetricName }, Stat: 'Sum' },
    });
    expect(alarmsOf(made)).toMatchObject([
      {
        Metrics: [
          // A scheduled ping fails without a 5xx of the gateway.
          { Expression: 'IF(FILL(responses, 0) > 0, failures, 0)' },
          series('failures', ofFunction, 'Errors'),
          series('responses', ofApi, '5xx'),
        ],
      },
      { ...ofFunction, MetricName: 'Throttles', Statistic: 'Sum', Threshold: 0 },
      {
        Metrics: [
          { Expression: '100 * failed / requests' },
          series('failed', ofApi, '5xx'),
          series('requests', ofApi, 'Count'),
        ],
      },
    ]);
  });

  test('fire above their threshold, and not when there are no requests', () => {
    for (const alarm of alarmsOf(made))
      expect(alarm).toMatchObject({ ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching' });
  });

  test('notify the topic if there is one', () => {
    for (const alarm of alarmsOf(deploy(template, { AlarmTopicArn: topic })))
      expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    for (const alarm of alarmsOf(made)) expect(alarm).not.toHaveProperty('AlarmActions');
  });
});

describe('the unit for systemd', () => {
  test('gives the service more time to stop than it may take', async () => {
    const unit = await read('jobs-api.service');
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
    const { drainSeconds = NaN, shutdownGraceSeconds = NaN } = readHttpConfig({}).config ?? {};
    expect(Number(seconds)).toBeGreaterThan(drainSeconds + shutdownGraceSeconds);
  });
});
