import { S3Error } from './s3-error.ts';

/** Decodes once. A bad escape or invalid UTF-8 is InvalidURI. */
export const decodeUri = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
};

const escapeCharacter = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** The one way to write a name, value or path segment that Signature Version 4 knows ("UriEncode"). */
export const encodeUri = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, escapeCharacter);

/** How S3 writes a key under `encoding-type=url`: as a form would, with slashes left alone. */
export const encodeForList = (key: string) =>
  encodeURIComponent(key)
    .replace(/[!'()~]/g, escapeCharacter)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
