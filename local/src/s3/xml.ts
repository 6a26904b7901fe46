import { XMLParser } from 'fast-xml-parser';
import { S3Error } from './s3-error.ts';

type Leaf = string | number | boolean;

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

// S3 returns a control character in a key as a reference, which XML 1.0 forbids. A carriage return may be one and must
// be: written out, a parser would turn it into a line feed.
const escapeCharacter = (character: string) => ESCAPES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`;

// eslint-disable-next-line no-control-regex
const escapeText = (text: string) => text.replace(/[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, escapeCharacter);

/** An element that holds text, or other elements. */
export const element = (name: string, content: Leaf | readonly string[]): string =>
  `<${name}>${typeof content === 'object' ? content.join('') : escapeText(String(content))}</${name}>`;

/** One element for each value; `undefined` is left out. */
export const fields = (values: Readonly<Record<string, Leaf | undefined>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [element(name, value)]));

export const document = (root: string, content: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, content)}`;

type XmlElement = Readonly<Record<string, unknown>>;

const PREDEFINED_ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

// eslint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;

const decodeReferences = (text: string) =>
  text.replace(
    /&(?:#x([0-9a-fA-F]{1,6});|#([0-9]{1,7});|([a-z]+);)?/g,
    (_, hex?: string, decimal?: string, name = '') => {
      const codePoint = hex !== undefined ? parseInt(hex, 16) : Number(decimal);
      const decoded = codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : PREDEFINED_ENTITIES.get(String(name));
      if (decoded === undefined || NOT_XML.test(decoded)) throw new S3Error('MalformedXML');
      return decoded;
    },
  );

const ignore = () => undefined;

const parser = new XMLParser({
  // A key is what was sent, to the byte: ` 1.0 ` is neither trimmed nor a number.
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  isArray: (name) => name === 'Object' || name === 'Part',
  // The parser's own decoder leaves out the references it finds invalid, which would turn one key into another.
  entityDecoder: {
    decode: decodeReferences,
    setExternalEntities: ignore,
    addInputEntities: ignore,
    reset: ignore,
    setXmlVersion: ignore,
  },
});

/**
 * The root element of a request's body. Stricter than the parser in what S3 is strict about: characters that XML 1.0
 * does not have are refused, written out or as references, and so are the entities of a document type.
 */
export const parseXml = (body: Buffer, root: string): XmlElement => {
  let parsed: XmlElement;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    if (NOT_XML.test(text)) throw new S3Error('MalformedXML');
    // Its successor is a package of its own, for a check that is one argument here.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    parsed = parser.parse(text, true) as XmlElement;
  } catch {
    throw new S3Error('MalformedXML');
  }
  if (Object.keys(parsed).join() !== root) throw new S3Error('MalformedXML');
  return toElement(parsed[root]);
};

// An empty element is parsed as an empty string.
const toElement = (value: unknown): XmlElement =>
  typeof value === 'object' && value !== null ? (value as XmlElement) : {};

/** The children that may be repeated: `Object` and `Part`. */
export const children = (parent: XmlElement, name: 'Object' | 'Part'): XmlElement[] =>
  ((parent[name] ?? []) as unknown[]).map(toElement);

/** Returns the text of a child, or `undefined` if there is none. */
export const childText = (parent: XmlElement, name: string): string | undefined => {
  const value = parent[name];
  if (value !== undefined && typeof value !== 'string') throw new S3Error('MalformedXML');
  return value;
};

/** Rejects elements that would have no effect. */
export const allowOnly = (parent: XmlElement, names: readonly string[]): void => {
  const unknown = Object.keys(parent).find((name) => name !== '#text' && !names.includes(name));
  if (unknown !== undefined) throw new S3Error('NotImplemented', `The element ${unknown} is not implemented.`);
};
