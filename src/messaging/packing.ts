import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib'
import { json } from '../platform/index.ts'

/** Below this many octets packing saves less than it costs. */
const WORTH_PACKING = 512
const compress = promisify(zstdCompress)
const fastest = { [constants.ZSTD_c_compressionLevel]: 1 }
const PLAIN = 0
const ZSTD = 1

/**
 * Octets by zstd (RFC 8878) at its fastest level where that pays: what is sent is mostly one text many times. The first
 * octet says which it is. They are copied before this returns, and packed by another thread.
 */
export function pack(octets: Uint8Array): Promise<Buffer> {
  if (octets.length < WORTH_PACKING) return Promise.resolve(Buffer.concat([Buffer.of(PLAIN), octets]))
  // It is given room for everything at once: by default it would come back for each 16 KB.
  const options = { params: fastest, chunkSize: octets.length }
  return compress(Buffer.from(octets), options).then((packed) => Buffer.concat([Buffer.of(ZSTD), packed]))
}

/** The octets behind `pack`. */
export function unpack(packed: Buffer): Buffer {
  const body = packed.subarray(1)
  return packed[0] === ZSTD ? zstdDecompressSync(body) : body
}

/** JSON text. Without a replacer it is written several times faster; only what the caller brings may hold a bigint. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof TypeError) return json(value)
    throw error
  }
}
