import { constants, createHash, privateEncrypt } from 'node:crypto';
import type { Signer } from './tokens.ts';

/** Length in octets of a signature by a key of 2048 bits, and of the block that it proves. */
const SIZE = 256;

const octets = (...values: readonly number[]): Buffer => Buffer.from(values);
const der = (tag: number, ...contents: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(contents);
  return Buffer.concat([octets(tag, content.length), content]);
};
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const [SEQUENCE, OID, OCTETS] = [0x30, 0x06, 0x04];
const NULL = octets(0x05, 0x00);
const NOTHING = octets();
const SHA1 = hex('2b0e03021a');
const SHA256 = hex('608648016503040201');
const SHA512 = hex('608648016503040203');

const algorithm = (oid = SHA256, parameters = NULL): Buffer => der(SEQUENCE, der(OID, oid), parameters);

interface Padding {
  readonly start?: readonly number[];
  readonly fill?: number;
  readonly count?: number;
  readonly end?: readonly number[];
}

/** Returns a block that begins with a padding, and ends with zeros if the padding does not fill it. */
const pad = (message: Buffer, { start = [0, 1], fill = 0xff, end = [0], count }: Padding = {}): Buffer => {
  const length = count ?? SIZE - start.length - end.length - message.length;
  const block = Buffer.concat([octets(...start), Buffer.alloc(length, fill), octets(...end), message]);
  return Buffer.concat([block, Buffer.alloc(SIZE - block.length)]);
};

const replaced = (buffer: Buffer, at: number, ...values: readonly number[]): Buffer =>
  Buffer.concat([buffer.subarray(0, at), octets(...values), buffer.subarray(at + 1)]);

const digest = (input: string, name = 'sha256'): Buffer => createHash(name).update(input).digest();

/** Returns the only block that RFC 8017, section 9.2, allows for an input. */
export const encodedBlock = (input: string): Buffer => pad(der(SEQUENCE, algorithm(), der(OCTETS, digest(input))));

/** Blocks that a lenient verifier accepts instead, in the manner of the vectors of https://github.com/C2SP/wycheproof. */
export const forgedBlocks = (input: string): [string, Buffer][] => {
  const hash = digest(input);
  const hashed = der(OCTETS, hash);
  const info = der(SEQUENCE, algorithm(), hashed);
  const good = encodedBlock(input);
  /** Positions of their lengths in `info`. */
  const lengths = { whole: 1, algorithm: 3, OID: 5, NULL: 16, hash: 18 };

  return [
    ['eight octets of padding, and zeros after the hash', pad(info, { count: 8 })],
    ['no padding, and zeros after the hash', pad(info, { count: 0 })],
    ['eight octets of padding, and garbage after the hash', pad(Buffer.concat([info, Buffer.alloc(194, 0xa5)]))],
    ['an octet of garbage after the hash', pad(Buffer.concat([info, octets(0xa5)]))],
    ['garbage within the sequence, after the hash', pad(der(SEQUENCE, algorithm(), hashed, NULL))],
    ['garbage within the sequence, in front', pad(der(SEQUENCE, NULL, algorithm(), hashed))],
    ['garbage within the algorithm', pad(der(SEQUENCE, algorithm(SHA256, Buffer.concat([NULL, NULL])), hashed))],
    ['garbage within the NULL', pad(der(SEQUENCE, algorithm(SHA256, der(0x05, octets(0xa5))), hashed))],
    ['zeros for padding', pad(info, { fill: 0 })],
    ['a first octet of padding that is wrong', replaced(good, 2, 0xfe)],
    ['a last octet of padding that is wrong', replaced(good, SIZE - info.length - 2, 0xfe)],
    ['an octet of padding that is zero', replaced(good, 99, 0)],
    ['the block type of an encryption', replaced(good, 1, 2)],
    ['the block type 0', replaced(good, 1, 0)],
    ['a first octet that is not zero', replaced(good, 0, 1)],
    ['no zero after the padding', pad(info, { end: [] })],
    ['another octet for the zero after the padding', pad(info, { end: [1] })],
    ['two zeros after the padding', pad(info, { end: [0, 0] })],
    ['a block that begins with its type', pad(info, { start: [1] })],
    ['nothing but padding', pad(NOTHING)],

    ['no NULL', pad(der(SEQUENCE, algorithm(SHA256, NOTHING), hashed))],
    ['an empty sequence for the NULL', pad(der(SEQUENCE, algorithm(SHA256, der(SEQUENCE)), hashed))],
    ['no algorithm', pad(der(SEQUENCE, hashed))],
    ['an algorithm that is not a sequence', pad(der(SEQUENCE, der(OID, SHA256), hashed))],
    ['the hash alone', pad(hash)],
    ['the hash as a string of octets alone', pad(hashed)],
    ['a set for the sequence', pad(replaced(info, 0, 0x31))],
    ['a string of bits for the hash', pad(replaced(info, 17, 0x03))],
    ['an indefinite length', pad(Buffer.concat([octets(SEQUENCE, 0x80), algorithm(), hashed, octets(0, 0)]))],
    ...Object.entries(lengths).flatMap(([name, at]): [string, Buffer][] => {
      const length = info.readUInt8(at);
      return [
        [`a length of the ${name} in the long form`, pad(replaced(info, at, 0x81, length))],
        [`a length of the ${name} that overflows 32 bits`, pad(replaced(info, at, 0x85, 1, 0, 0, 0, length))],
        [`a length of the ${name} that is too great by one`, pad(replaced(info, at, length + 1))],
      ];
    }),

    ['the name of SHA-1 for the hash', pad(der(SEQUENCE, algorithm(SHA1), hashed))],
    ['the name of SHA-512 for the hash', pad(der(SEQUENCE, algorithm(SHA512), hashed))],
    ['the SHA-1 of the input', pad(der(SEQUENCE, algorithm(SHA1), der(OCTETS, digest(input, 'sha1'))))],
    ['the SHA-512 of the input', pad(der(SEQUENCE, algorithm(SHA512), der(OCTETS, digest(input, 'sha512'))))],
    ['an OID with a zero in front', pad(der(SEQUENCE, algorithm(Buffer.concat([octets(0x80), SHA256])), hashed))],
    ['an empty OID', pad(der(SEQUENCE, algorithm(NOTHING), hashed))],
    ['the hash of another input', encodedBlock(`${input} `)],
    ['a hash that is cut short', pad(der(SEQUENCE, algorithm(), der(OCTETS, hash.subarray(0, 31))))],
    ['a hash that is longer', pad(der(SEQUENCE, algorithm(), der(OCTETS, hash, octets(0))))],
    ['an empty hash', pad(der(SEQUENCE, algorithm(), der(OCTETS)))],
  ];
};

/** Returns the signature that the public key turns back into a block. */
export const signBlock = (block: Buffer, { privateKey: key }: Signer): Buffer =>
  privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
const toOctets = (value: bigint, size = SIZE): Buffer => hex(value.toString(16).padStart(size * 2, '0'));

/** Numbers that are not signatures, and other encodings of a signature. */
export const forgedNumbers = (input: string, signer: Signer): [string, Buffer][] => {
  const modulus = toNumber(Buffer.from(signer.jwk.n, 'base64url'));
  const good = signBlock(encodedBlock(input), signer);
  const number = toNumber(good);
  return [
    ['zero', toOctets(0n)],
    ['one', toOctets(1n)],
    ['the modulus', toOctets(modulus)],
    ['the modulus less one', toOctets(modulus - 1n)],
    ['the block itself', encodedBlock(input)],
    ['a signature less than nothing', toOctets(modulus - number)],
    ['a signature and the modulus', toOctets(number + modulus, SIZE + 1)],
    ['a signature with a zero in front', toOctets(number, SIZE + 1)],
    ['a signature with a zero after it', Buffer.concat([good, octets(0)])],
    ['a signature without its last octet', good.subarray(0, -1)],
    ['a signature backwards', Buffer.from(good).reverse()],
  ];
};

const cubeRoot = (value: bigint): bigint => {
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 3));
  for (;;) {
    const next = (2n * root + value / (root * root)) / 3n;
    if (next >= root) return root;
    root = next;
  }
};

/**
 * Returns a signature for the exponent 3, made without a private key. Its cube begins as a block with a short padding does
 * (https://mailarchive.ietf.org/arch/msg/openpgp/5rnE9ZRN1AokBVj3VqblGlP63QE/, Bleichenbacher 2006).
 */
export const cubeRootForgery = (input: string): Buffer => {
  const block = pad(der(SEQUENCE, algorithm(), der(OCTETS, digest(input))), { count: 8 });
  return toOctets(cubeRoot(toNumber(block)) + 1n);
};
