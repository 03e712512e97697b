import type { PDU } from 'smpp'

type Open = { parts: Map<number, Buffer>; total: number }

/** Puts binary SMS together as a phone does and gives the packets that are commands to a SIM (element 0x70). */
export class SimReader {
  readonly #open = new Map<string, Open>()

  /** The packet once its last part is here; undefined before that and for anything else. */
  add(address: string, pdu: PDU): Buffer | undefined {
    const { message, udh } = pdu.short_message
    if (!Buffer.isBuffer(message) || !Array.isArray(udh)) return undefined
    const isCommand = udh.some((element) => element[0] === 0x70)
    const place = udh.find((element) => element[0] === 0x00 && element.length === 5)
    if (place === undefined) return isCommand ? message : undefined
    const [, , reference, total, sequence] = place as unknown as [number, number, number, number, number]
    // Only the first part says what it is.
    if (sequence === 1 && !isCommand) return undefined
    const key = `${address}|${reference}|${total}`
    const open = this.#open.get(key) ?? { parts: new Map<number, Buffer>(), total }
    this.#open.set(key, open)
    open.parts.set(sequence, message)
    if (open.parts.size < open.total) return undefined
    this.#open.delete(key)
    return Buffer.concat([...open.parts].toSorted(([a], [b]) => a - b).map(([, octets]) => octets))
  }
}

/** Result and item of a TERMINAL RESPONSE: done, with the first item of a list or "yes". */
const chosen: Record<number, number[]> = {
  0x21: [0x83, 1, 0],
  0x22: [0x83, 1, 0, 0x8d, 2, 0x04, 0x01],
  0x24: [0x83, 1, 0, 0x90, 1, 1],
}

/** The response packet of an applet whose user takes the first item; it bears the command's counter, unsigned. */
export function terminalResponse(packet: Buffer): Buffer {
  const data = packet.subarray(3 + packet[2]!)
  const details = data.indexOf(Buffer.from([0x81, 0x03, 0x01]))
  const answer = [0x81, 3, 1, data[details + 3]!, 0, 0x82, 2, 0x82, 0x81, ...chosen[data[details + 3]!]!]
  const head = [0, 11 + answer.length, 10, ...packet.subarray(7, 15), 0, 0]
  return Buffer.from([...head, ...answer])
}
