/** Patterns of what could open something if it stood in a log. Each is linear in time, since callers choose the text. */
const SECRETS = [
  // A JSON Web Token, whole or cut: its header is a JSON object in base64url, which begins with one of these.
  /(?<![\w-])e(?:y[AIJ]|w[\w-])[\w-]{5,}(?:\.[\w-]*){0,2}/g,
  // The parts of a signed request or URL (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
  /(?<=(?:Signature|Security-Token|Credential)["']?\s{0,2}[=:]\s{0,2}["']?)[^&\s"',<]+/gi,
  /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}/g,
  // The user and password of a URL.
  /(?<=:\/\/)[^/\s@"']+(?=@)/g,
];

const REDACTED = '[redacted]';

/** Shorter values are words that a log may need. */
const MIN_SECRET_LENGTH = 8;

/** How much of a text is searched for secrets, in characters: more than a log line has, and than a secret is long. */
const SEARCHED = 32 * 1024;

/** Returns every form in which secrets are quoted: as they are, in a URL, in JSON. */
export const formsOf = (secrets: readonly (string | undefined)[]): readonly string[] => {
  const forms = secrets
    .filter((secret) => secret !== undefined)
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .flatMap((secret) => [secret, encodeURIComponent(Buffer.from(secret).toString()), inJson(secret)]);
  return [...new Set(forms)];
};

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Replaces all that {@link formsOf} found, in any text. */
export const redactForms = (text: string, forms: readonly string[]): string =>
  forms.reduce((redacted, form) => redacted.replaceAll(form, REDACTED), text);

/**
 * Returns at most `length` characters of a text that comes from elsewhere, without what is or looks like a secret.
 *
 * @param forms what to look for, besides what is found by its pattern: see {@link formsOf}
 */
export const redact = (text: string, length: number, forms: readonly string[] = []): string => {
  let redacted = redactForms(text.slice(0, SEARCHED), forms);
  for (const pattern of SECRETS) redacted = redacted.replace(pattern, REDACTED);
  return redacted.length > length ? `${redacted.slice(0, length)}…` : redacted;
};
