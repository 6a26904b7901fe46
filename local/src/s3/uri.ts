import { S3Error } from './s3-error.ts';

/** @throws S3Error InvalidURI if an escape or its UTF-8 is invalid */
export const decodeUri = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
};

const escapeCharacter = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** Encodes a name, value or path segment as Signature Version 4 requires ("UriEncode"). */
export const encodeUri = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, escapeCharacter);

/** Encodes a key as S3 does under `encoding-type=url`: as in a form, except that slashes stay. */
export const encodeForList = (key: string) =>
  encodeURIComponent(key)
    .replace(/[!'()~]/g, escapeCharacter)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
