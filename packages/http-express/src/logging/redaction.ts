/** Patterns of secrets. Each one takes linear time, because callers choose the text. */
const SECRETS = [
  // A JSON Web Token, whole or cut. Its header is a JSON object in base64url, which begins with one of these.
  /(?<![\w-])e(?:y[AIJ]|w[\w-])[\w-]{5,}(?:\.[\w-]*){0,2}/g,
  // The parts of a signed request or URL (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
  /(?<=(?:Signature|Security-Token|Credential)["']?\s{0,2}[=:]\s{0,2}["']?)[^&\s"',<]+/gi,
  /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}/g,
  // The user and password of a URL.
  /(?<=:\/\/)[^/\s@"']+(?=@)/g,
];

const REDACTED = '[redacted]';

/** Minimum length of a redacted value. Shorter values are words that a log may need. */
const MIN_SECRET_LENGTH = 8;

/** Length of the part of a text that is searched, in characters. It is longer than a log line and than any secret. */
const SEARCHED = 32 * 1024;

/** Returns all forms in which secrets can be quoted: plain, URL-encoded, in JSON. */
export const formsOf = (secrets: readonly (string | undefined)[]): readonly string[] => {
  const forms = secrets
    .filter((secret) => secret !== undefined)
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .flatMap((secret) => [secret, encodeURIComponent(Buffer.from(secret).toString()), inJson(secret)]);
  return [...new Set(forms)];
};

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Replaces the forms that {@link formsOf} returned. */
export const redactForms = (text: string, forms: readonly string[]): string =>
  forms.reduce((redacted, form) => redacted.replaceAll(form, REDACTED), text);

/**
 * Returns at most `length` characters of a text from outside, with secrets replaced.
 *
 * @param forms texts to replace in addition to those that match a known pattern: see {@link formsOf}
 */
export const redact = (text: string, length: number, forms: readonly string[] = []): string => {
  let redacted = redactForms(text.slice(0, SEARCHED), forms);
  for (const pattern of SECRETS) redacted = redacted.replace(pattern, REDACTED);
  return redacted.length > length ? `${redacted.slice(0, length)}…` : redacted;
};
