/** The units of SMPP 3.4 that the fast SMSC reads and writes, octet by octet. */
export const id = {
  genericNack: 0x80000000,
  bindReceiver: 0x01,
  bindTransmitter: 0x02,
  submit: 0x04,
  deliver: 0x05,
  unbind: 0x06,
  bindTransceiver: 0x09,
  enquireLink: 0x15,
  submitResp: 0x80000004,
  deliverResp: 0x80000005,
  unbindResp: 0x80000006,
} as const

/** Four octets as an unsigned number, big-endian. */
export function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** Writes the sixteen octets that every unit begins with. */
export function writeHeader(
  bytes: Uint8Array,
  at: number,
  length: number,
  command: number,
  status: number,
  sequence: number,
): void {
  write32(bytes, at, length)
  write32(bytes, at + 4, command)
  write32(bytes, at + 8, status)
  write32(bytes, at + 12, sequence)
}

/** Where the fields of a submit_sm lie in the buffer it was read into. */
export class SubmitPlaces {
  addressAt = 0
  addressEnd = 0
  dataCodingAt = 0
  textAt = 0
  textEnd = 0
  reference = 0
  registeredDelivery = 0

  /** Finds them between `start` and `end`; false: the unit does not follow its layout. */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    let at = skip(bytes, start + 16, end) // service_type
    at = skip(bytes, at + 2, end) // source
    this.addressAt = at + 2
    at = skip(bytes, at + 2, end)
    this.addressEnd = at - 1
    at = skip(bytes, at + 3, end) // esm_class, protocol_id, priority_flag, schedule
    at = skip(bytes, at, end) // validity_period
    this.registeredDelivery = bytes[at]!
    this.dataCodingAt = at + 2
    this.textAt = at + 5
    this.textEnd = at + 5 + bytes[at + 4]!
    if (at + 5 > end || this.textEnd > end) return false
    this.reference = 0
    for (at = this.textEnd; at + 4 <= end; at += 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!))
      if (bytes[at] === 0x02 && bytes[at + 1] === 0x04)
        this.reference = (bytes[at + 4]! << 8) | bytes[at + 5]!
    return at === end
  }
}

function skip(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== 0) at += 1
  return at + 1
}

/** Writes a number as digits of its base and returns where they end. */
export function writeNumber(bytes: Uint8Array, start: number, value: number, base: 10 | 16): number {
  let end = start
  for (let rest = value; rest >= 1; rest = Math.floor(rest / base)) end += 1
  for (let at = end - 1, rest = value; at >= start; at -= 1) {
    const next = Math.floor(rest / base)
    const digit = rest - next * base
    bytes[at] = digit < 10 ? 0x30 + digit : 0x57 + digit
    rest = next
  }
  return end
}

const states = { DELIVRD: 2, UNDELIV: 5, ACCEPTD: 6 } as const
export type FastState = keyof typeof states

type Templates = Record<FastState, { head: Buffer; tail: Buffer }>

/** Writes receipts: deliver_sm with esm_class 4, in text (appendix B), in optional parameters, or both. */
export class ReceiptWriter {
  readonly #form: 'text' | 'parameters' | 'both'
  readonly #base: 10 | 16
  #templates: Templates | undefined
  #minute = 0

  constructor(form: 'text' | 'parameters' | 'both', base: 10 | 16) {
    this.#form = form
    this.#base = base
  }

  /** Writes one for the part `number` at `start`, about the submission found in `bytes`; returns where it ends. */
  write(
    out: Buffer,
    start: number,
    sequence: number,
    part: { number: number; state: FastState; bytes: Buffer; places: SubmitPlaces },
  ): number {
    const { head, tail } = this.#templatesNow()[part.state]
    const { addressAt, addressEnd, reference } = part.places
    let at = start + 16
    out[at++] = 0 // service_type
    out[at++] = 1
    out[at++] = 1
    for (let from = addressAt; from < addressEnd; from += 1) out[at++] = part.bytes[from]!
    out.set(head, at)
    at += head.length
    const lengthAt = at++
    if (this.#form !== 'parameters') {
      out[at++] = 0x69
      out[at++] = 0x64
      out[at++] = 0x3a
      at = writeNumber(out, at, part.number, this.#base)
      out.set(tail, at)
      at += tail.length
    }
    out[lengthAt] = at - lengthAt - 1
    if (this.#form !== 'text') at = this.#writeParameters(out, at, part.number, part.state)
    out[at++] = 0x02
    out[at++] = 0x04
    out[at++] = 0
    out[at++] = 2
    out[at++] = reference >>> 8
    out[at++] = reference
    writeHeader(out, start, at - start, id.deliver, 0, sequence)
    return at
  }

  #writeParameters(out: Buffer, start: number, number: number, state: FastState): number {
    const end = writeNumber(out, start + 4, number, this.#base)
    out[end] = 0
    out[start] = 0x00
    out[start + 1] = 0x1e
    out[start + 2] = 0
    out[start + 3] = end + 1 - start - 4
    let at = end + 1
    out[at++] = 0x04
    out[at++] = 0x27
    out[at++] = 0
    out[at++] = 1
    out[at++] = states[state]
    return at
  }

  /** Everything that only changes with the minute: the fields behind the address, the text behind the id. */
  #templatesNow(): Templates {
    const minute = Math.floor(performance.timeOrigin / 60_000 + performance.now() / 60_000)
    if (this.#templates !== undefined && minute === this.#minute) return this.#templates
    this.#minute = minute
    const date = Temporal.Instant.fromEpochMilliseconds(minute * 60_000)
      .toString()
      .replace(/\D/g, '')
      .slice(2, 12)
    const head = Buffer.from([0, 0, 1, 0x31, 0x31, 0x31, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0])
    const make = (state: FastState): { head: Buffer; tail: Buffer } => {
      const [count, error] = [state === 'DELIVRD' ? '001' : '000', state === 'UNDELIV' ? '001' : '000']
      const tail = ` sub:001 dlvrd:${count} submit date:${date} done date:${date} stat:${state} err:${error} text:`
      return { head, tail: Buffer.from(tail, 'latin1') }
    }
    this.#templates = { DELIVRD: make('DELIVRD'), UNDELIV: make('UNDELIV'), ACCEPTD: make('ACCEPTD') }
    return this.#templates
  }
}
