/** Credentials as the AWS SDK signs with them. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Credentials that were replaced are valid for a while, and late errors may quote them. */
const IDENTITIES_KEPT = 4;

/** The values that must not be logged, because they allow others to act as this service. */
export class Secrets {
  readonly #configured: readonly string[];
  #identities: AwsIdentity[] = [];
  #values: readonly string[];

  constructor(configured: readonly string[]) {
    this.#configured = configured;
    this.#values = configured;
  }

  /** The same array until {@link add} adds others. */
  get values(): readonly string[] {
    return this.#values;
  }

  /** Called for every signed call, nearly always with the same identity. */
  readonly add = (identity: AwsIdentity): void => {
    if (this.#identities.includes(identity)) return;
    this.#identities = [identity, ...this.#identities].slice(0, IDENTITIES_KEPT);
    const used = this.#identities.flatMap(({ accessKeyId, secretAccessKey, sessionToken }) => [
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? [] : [sessionToken]),
    ]);
    this.#values = [...new Set([...this.#configured, ...used])];
  };
}

/** Variables of the AWS SDK that are secrets. */
const SECRET_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
];

/** Returns the secrets in an environment: those of the AWS SDK, and the passwords in URLs. */
export const secretsIn = (env: Readonly<Record<string, string | undefined>>): readonly string[] => [
  ...SECRET_VARIABLES.flatMap((name) => env[name] ?? []),
  ...Object.values(env).flatMap((value = '') => {
    const [, password] = /^[a-z]+:\/\/[^/@\s]*?:([^/@\s]+)@/i.exec(value) ?? [];
    return password === undefined ? [] : [password];
  }),
];

/** Returns an address as it may be shown: without user and password. */
export const withoutUserInfo = (address: string): string => address.replace(/(?<=^[a-z]+:\/\/)[^/@\s]+@/i, '');
