/** `filename*`, whose value is a charset, a language and percent-encoded bytes (https://www.rfc-editor.org/rfc/rfc8187). */
const EXTENDED = /;\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)/i;
/** `filename`, whose value is a token or a quoted string (https://www.rfc-editor.org/rfc/rfc6266). */
const PLAIN = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i;

/** Returns the name under which a browser saves a download with this Content-Disposition; `undefined` if it shows it. */
export const savedName = (contentDisposition: string | null): string | undefined => {
  if (contentDisposition === null || !/^\s*attachment\s*(;|$)/i.test(contentDisposition)) return undefined;
  const [, charset = '', encoded] = EXTENDED.exec(contentDisposition) ?? [];
  if (encoded !== undefined) return charset.toLowerCase() === 'utf-8' ? decodeURIComponent(encoded) : latin1(encoded);
  const [, quoted, token] = PLAIN.exec(contentDisposition) ?? [];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? token;
};

const latin1 = (encoded: string): string =>
  encoded.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
