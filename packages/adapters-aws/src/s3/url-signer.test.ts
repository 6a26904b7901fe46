import { describe, expect, test } from '@jest/globals';
import { urlSigner } from './url-signer.ts';

describe('urlSigner', () => {
  test('signs the example that AWS publishes', () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html#query-string-auth-v4-signing-example
    const toUrl = urlSigner({
      url: new URL('https://examplebucket.s3.amazonaws.com'),
      region: 'us-east-1',
      service: 's3',
      credentials: {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      },
      signingDate: new Date('2013-05-24T00:00:00Z'),
      query: { 'X-Amz-Expires': '86400' },
    });
    expect(new URL(toUrl('test.txt')).searchParams.get('X-Amz-Signature')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });
});
