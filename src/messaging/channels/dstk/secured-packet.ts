import { createCipheriv, timingSafeEqual } from 'node:crypto'

/** How packets are authenticated. `key` in octets: 16 or 24 for 3DES, 16, 24 or 32 for AES. */
export type PacketSecurity = { algorithm: '3des' | 'aes'; keyIndex: number; key: Buffer }

/** User data headers of a command and of a response (3GPP TS 31.115 §4.2, §4.4). */
export const commandHeader = Buffer.from([0x02, 0x70, 0x00])
const responseHeader = Buffer.from([0x02, 0x71, 0x00])

/** Octets of a checksum, of both algorithms. */
const CHECKSUM = 8

/** First octet of the SPI (ETSI TS 102 225 §5.1.1): with a checksum the counter has to rise, without one it is only there. */
const spi = { plain: 0x08, signed: 0x12 } as const
/** Second octet: an answer is wanted each time, as an SMS of the SIM's own, signed where the command is. */
const answerWanted = { plain: 0x21, signed: 0x29 } as const

export type Command = { tar: Buffer; counter: number; data: Buffer; security?: PacketSecurity | undefined }

/**
 * A command packet (ETSI TS 102 225 §5.1) as it stands behind the user data header:
 * CPL CHL SPI KIc KID TAR CNTR PCNTR CC data. Nothing is ciphered. `counter` is a whole number below 2^40.
 */
export function encodePacket({ tar, counter, data, security }: Command): Buffer {
  const length = security === undefined ? 0 : CHECKSUM
  const head = Buffer.alloc(16)
  head.writeUInt16BE(14 + length + data.length, 0)
  head[2] = 13 + length
  head[3] = security === undefined ? spi.plain : spi.signed
  head[4] = security === undefined ? answerWanted.plain : answerWanted.signed
  head[6] = security === undefined ? 0 : algorithmOf(security)
  tar.copy(head, 7)
  head.writeUIntBE(counter, 10, 5)
  const checksum = security === undefined ? [] : [checksumOf(security, Buffer.concat([head, data]))]
  return Buffer.concat([head, ...checksum, data])
}

/** Key index and algorithm in one octet (TS 102 225 §5.1.3): AES CMAC, or 3DES with two or three keys. */
function algorithmOf({ algorithm, keyIndex, key }: PacketSecurity): number {
  const code = algorithm === 'aes' ? 0x2 : key.length === 24 ? 0x9 : 0x5
  return (keyIndex << 4) | code
}

export type Response = { tar: Buffer; counter: number; status: number; data: Buffer }

/**
 * Reads a response packet (TS 102 225 §5.2): RPL RHL TAR CNTR PCNTR RSC CC data. Undefined where its lengths do not fit or,
 * with `security`, where its checksum is wrong; that is made over the user data header too (TS 31.115 §4.4). A SIM that
 * could not check the command answers without a checksum, and says no more than that.
 */
export function decodeResponse(octets: Buffer, security: PacketSecurity | undefined): Response | undefined {
  if (octets.length < 13) return undefined
  const headerEnd = 3 + octets[2]!
  const packet = octets.subarray(0, 2 + octets.readUInt16BE(0))
  if (octets[2]! < 10 || packet.length !== 2 + octets.readUInt16BE(0) || headerEnd > packet.length)
    return undefined
  const status = packet[12]!
  const given = packet.subarray(13, headerEnd)
  const data = packet.subarray(headerEnd, packet.length - packet[11]!)
  if (security !== undefined && (given.length > 0 || status === 0)) {
    const signed = Buffer.concat([responseHeader, packet.subarray(0, 13), packet.subarray(headerEnd)])
    const expected = checksumOf(security, signed)
    if (given.length !== CHECKSUM || !timingSafeEqual(given, expected)) return undefined
  }
  return { tar: packet.subarray(3, 6), counter: packet.readUIntBE(6, 5), status, data }
}

/** Response status codes (TS 102 225 §5.2, table 5) as words. */
export const statusWords: Record<number, string> = {
  0x01: 'sim_checksum_wrong',
  0x02: 'sim_counter_low',
  0x03: 'sim_counter_high',
  0x04: 'sim_counter_blocked',
  0x05: 'sim_ciphering_error',
  0x06: 'sim_security_error',
  0x07: 'sim_memory_full',
  0x09: 'sim_applet_unknown',
  0x0a: 'sim_security_too_low',
}

/** The cryptographic checksum: the last block of 3DES in CBC mode, or the first half of AES's CMAC (RFC 4493). */
export function checksumOf({ algorithm, key }: PacketSecurity, octets: Buffer): Buffer {
  if (algorithm === 'aes') return cmac(key, octets).subarray(0, CHECKSUM)
  const whole = Buffer.alloc(8 * Math.ceil(octets.length / 8))
  octets.copy(whole)
  const threeKeys = key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)])
  return encrypted('des-ede3-cbc', threeKeys, whole, 8).subarray(-8)
}

function cmac(key: Buffer, octets: Buffer): Buffer {
  const cipher = `aes-${8 * key.length}-cbc`
  const subkey = doubled(encrypted(cipher, key, Buffer.alloc(16), 16))
  const blocks = Math.max(1, Math.ceil(octets.length / 16))
  const isWhole = octets.length === 16 * blocks
  const padded = Buffer.alloc(16 * blocks)
  octets.copy(padded)
  if (!isWhole) padded[octets.length] = 0x80
  const mask = isWhole ? subkey : doubled(subkey)
  for (let i = 0; i < 16; i++) padded[padded.length - 16 + i]! ^= mask[i]!
  return encrypted(cipher, key, padded, 16).subarray(-16)
}

/** Multiplied by x in the field of 2^128 elements. */
function doubled(block: Buffer): Buffer {
  const twice = Buffer.alloc(16)
  for (let i = 0; i < 16; i++) twice[i] = (block[i]! << 1) | ((block[i + 1] ?? 0) >> 7)
  if (block[0]! >= 0x80) twice[15]! ^= 0x87
  return twice
}

function encrypted(cipher: string, key: Buffer, octets: Buffer, blockOctets: number): Buffer {
  const made = createCipheriv(cipher, key, Buffer.alloc(blockOctets)).setAutoPadding(false)
  return Buffer.concat([made.update(octets), made.final()])
}
