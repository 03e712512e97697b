import assert from 'node:assert'
import { commandIds, layouts, status, type Command, type Fields } from './pdu-layout.ts'

/** One SMPP 3.4 protocol data unit. `tlvs` are the optional parameters, raw, by tag. */
export type Pdu<C extends Command = Command> = C extends Command
  ? { command: C; status: number; sequence: number; fields: Fields<C>; tlvs: Map<number, Buffer> }
  : never

/** What a decoded frame is: a known unit, or what can be told of one that is unknown or malformed. */
export type Decoded = Pdu | Unreadable<'unknown'> | Unreadable<'malformed'>

type Unreadable<Kind extends string> = { command: Kind; commandId: number; status: number; sequence: number }

export const headerBytes = 16
const responseBit = 0x80000000
const maxShortMessageBytes = 254

const commandsById = new Map<number, Command>(
  (Object.keys(commandIds) as Command[]).map((command) => [commandIds[command], command]),
)

/** Says whether a command id is that of a response (§5.1.2: bit 31). */
export function isResponseId(commandId: number): boolean {
  return commandId >= responseBit
}

/** Fields of a command with every one at its neutral value (0, empty). */
function emptyFields<C extends Command>(command: C): Fields<C> {
  const fields: Record<string, string | number | Buffer> = {}
  for (const [name, kind] of layouts[command])
    fields[name] = kind === 'int8' ? 0 : kind === 'octets' ? Buffer.alloc(0) : ''
  return fields as Fields<C>
}

/** Makes a unit; fields that are not given stay neutral. */
export function makePdu<C extends Command>(
  command: C,
  sequence: number,
  fields: Partial<Fields<C>> = {},
  more: { status?: number; tlvs?: Map<number, Buffer> } = {},
): Pdu<C> {
  return {
    command,
    sequence,
    status: more.status ?? status.ok,
    fields: { ...emptyFields(command), ...fields },
    tlvs: more.tlvs ?? new Map<number, Buffer>(),
  } as unknown as Pdu<C>
}

/** Turns a unit into bytes. A field that the wire cannot carry is a bug of the caller and fails an assertion. */
export function encodePdu(pdu: Pdu): Buffer {
  const pieces: Buffer[] = [Buffer.alloc(headerBytes)]
  const fields = pdu.fields as Record<string, string | number | Buffer>
  // A response that reports an error carries no body (§4.4.2 and its likes).
  const withBody = pdu.status === status.ok
  if (withBody) {
    for (const [name, kind] of layouts[pdu.command]) {
      const value = fields[name]
      if (kind === 'cstring') pieces.push(encodeText(value as string))
      else if (kind === 'int8') pieces.push(Buffer.from([value as number]))
      else pieces.push(encodeOctets(value as Buffer))
    }
    for (const [tlvTag, value] of pdu.tlvs) pieces.push(encodeTlvHeader(tlvTag, value.length), value)
  }
  const bytes = Buffer.concat(pieces)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(commandIds[pdu.command], 4)
  bytes.writeUInt32BE(pdu.status, 8)
  bytes.writeUInt32BE(pdu.sequence, 12)
  return bytes
}

function encodeText(text: string): Buffer {
  assert(!text.includes('\0'), 'a C-octet string cannot hold NUL')
  return Buffer.from(`${text}\0`, 'latin1')
}

function encodeOctets(octets: Buffer): Buffer {
  assert(octets.length <= maxShortMessageBytes, 'short_message holds at most 254 octets')
  return Buffer.concat([Buffer.from([octets.length]), octets])
}

function encodeTlvHeader(tlvTag: number, length: number): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt16BE(tlvTag, 0)
  header.writeUInt16BE(length, 2)
  return header
}

/**
 * Reads one whole frame, as the framer yields it. It never throws: a body that does not follow its layout gives
 * `malformed` with the status to answer with, so that one bad unit costs no more than itself.
 */
export function decodePdu(frame: Buffer): Decoded {
  const commandId = frame.readUInt32BE(4)
  const commandStatus = frame.readUInt32BE(8)
  const sequence = frame.readUInt32BE(12)
  const command = commandsById.get(commandId)
  if (command === undefined) return { command: 'unknown', commandId, status: commandStatus, sequence }
  const body = frame.subarray(headerBytes)
  // Peers leave the body of a response out, with an error and sometimes without one.
  if (body.length === 0 && isResponseId(commandId))
    return makePdu(command, sequence, {}, { status: commandStatus }) as Pdu
  const cursor = new Cursor(body)
  const fields: Record<string, string | number | Buffer> = {}
  for (const [name, kind] of layouts[command]) {
    fields[name] = kind === 'cstring' ? cursor.text() : kind === 'int8' ? cursor.int8() : cursor.octets()
  }
  const tlvs = cursor.tlvs()
  if (cursor.problem !== undefined)
    return { command: 'malformed', commandId, status: cursor.problem, sequence }
  return { command, status: commandStatus, sequence, fields, tlvs } as unknown as Pdu
}

/** Reads fields one after another; the first that does not fit leaves its status in `problem`. */
class Cursor {
  problem: number | undefined
  private readonly bytes: Buffer
  private at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  text(): string {
    const end = this.bytes.indexOf(0, this.at)
    if (end < 0) {
      this.fail(status.invalidCommandLength)
      return ''
    }
    const text = this.bytes.toString('latin1', this.at, end)
    this.at = end + 1
    return text
  }

  int8(): number {
    const value = this.bytes[this.at]
    if (value === undefined) this.fail(status.invalidCommandLength)
    this.at += 1
    return value ?? 0
  }

  octets(): Buffer {
    const length = this.int8()
    if (length > maxShortMessageBytes || this.at + length > this.bytes.length)
      this.fail(status.invalidMessageLength)
    const octets = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return octets
  }

  tlvs(): Map<number, Buffer> {
    const tlvs = new Map<number, Buffer>()
    while (this.problem === undefined && this.at < this.bytes.length) {
      const start = this.at + 4
      const end = start <= this.bytes.length ? start + this.bytes.readUInt16BE(this.at + 2) : start
      if (end > this.bytes.length) {
        this.fail(status.invalidTlvStream)
        break
      }
      tlvs.set(this.bytes.readUInt16BE(this.at), this.bytes.subarray(start, end))
      this.at = end
    }
    return tlvs
  }

  private fail(problem: number): void {
    this.problem ??= problem
  }
}

/** Value of a one-octet parameter, undefined where it is absent or empty. */
export function tlvInt8(pdu: Pdu, tlvTag: number): number | undefined {
  return pdu.tlvs.get(tlvTag)?.[0]
}

/** Value of a two-octet parameter, undefined where it is absent or short. */
export function tlvInt16(pdu: Pdu, tlvTag: number): number | undefined {
  const value = pdu.tlvs.get(tlvTag)
  return value !== undefined && value.length >= 2 ? value.readUInt16BE(0) : undefined
}
