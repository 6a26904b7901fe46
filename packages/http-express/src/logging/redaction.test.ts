import { describe, expect, test } from '@jest/globals';
import { describeError } from './describe-error.ts';
import { formsOf, redact, redactForms } from './redaction.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const SIGNATURE = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';

describe('redact', () => {
  test.each([
    ['a JSON Web Token', `token ${JWT} is bad`, 'token [redacted] is bad'],
    ['a token whose header begins with a space', 'eyAiYWxnIjoiUlMyNTYifQ.eyJzdWIiOiJhIn0.c2ln', '[redacted]'],
    ['a token whose header begins with a line feed', 'ewogImFsZyI6ICJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', '[redacted]'],
    ['a part of a token', 'eyJhbGciOiJIUzI1NiJ9.eyJz', '[redacted]'],
    [
      'a presigned URL',
      `https://b/k?X-Amz-Credential=AKIA1%2F2026&X-Amz-Security-Token=canary&X-Amz-Signature=${SIGNATURE}&x=1`,
      'https://b/k?X-Amz-Credential=[redacted]&X-Amz-Security-Token=[redacted]&X-Amz-Signature=[redacted]&x=1',
    ],
    [
      'an Authorization header',
      `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu/s3/aws4_request, Signature=${SIGNATURE}'`,
      "AWS4-HMAC-SHA256 Credential=[redacted], Signature=[redacted]'",
    ],
    [
      'a canonical request',
      'host:x\nx-amz-security-token:IQoJb3JpZ2luX2Vj/+=\n\nhost',
      'host:x\nx-amz-security-token:[redacted]\n\nhost',
    ],
    ['an access key id', 'key AKIAIOSFODNN7EXAMPLE is unknown', 'key [redacted] is unknown'],
    [
      'the user and password of a URL',
      'https://user:password@example.com/keys returned 500',
      'https://[redacted]@example.com/keys returned 500',
    ],
    [
      'nothing from a harmless text',
      'the eye of the beholder, job 1 at https://example.com',
      'the eye of the beholder, job 1 at https://example.com',
    ],
  ])('removes %s', (_, text, expected) => {
    expect(redact(text, 1_000)).toBe(expected);
  });

  test('removes values in every form in which they can be quoted', () => {
    const secret = 'wJalr/XUtn+FEMI="quoted"';
    const text = [secret, encodeURIComponent(secret), JSON.stringify({ secret })].join(' ');
    expect(redactForms(text, formsOf([secret]))).toBe('[redacted] [redacted] {"secret":"[redacted]"}');
    expect(redactForms('a local word', formsOf(['local', undefined]))).toBe('a local word');
  });

  // A quadratic pattern takes minutes for these texts, a linear one milliseconds.
  test.each(['-eyJ', 'eyJ', 'eyJa.', '://a', 'Signature=', 'x-amz-security-token:', 'AKIA', '"'])(
    'takes linear time for a long text of %j',
    (part) => {
      const text = part.repeat(1_000_000);
      expect(redact(text, 1_000).length).toBeLessThanOrEqual(1_001);
    },
  );
});

describe('describeError', () => {
  test('removes the given values from every part of an error', () => {
    const secret = 'the caller’s opaque token';
    const error = new AggregateError([new Error(`part: ${secret}`)], `whole: ${secret}`, {
      cause: new Error(`cause: ${secret}`),
    });
    const described = JSON.stringify(describeError(error, secret));
    expect(described).not.toContain(secret);
    expect(described.match(/\[redacted\]/g)).toHaveLength(3);
  });

  test('stops after eight errors if an error is its own cause or has many parts', () => {
    const error = new AggregateError(Array.from({ length: 1_000 }, () => new Error('part')));
    error.cause = error;
    expect(JSON.stringify(describeError(error)).match(/"stack"/g)).toHaveLength(8);
  });

  test.each([undefined, null, 'text', 12n, Symbol('s'), Object.create(null)])(
    'describes the thrown value %p, which is not an error',
    (value) => {
      expect(describeError(value)).toEqual({ message: expect.any(String) });
    },
  );
});
