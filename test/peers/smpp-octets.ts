/** The user data header that makes a part one of several: TS 23.040 §9.2.3.24.1 (8 bit) and §9.2.3.24.8 (16 bit). */
export function concatenationHeader(
  reference: number,
  total: number,
  sequence: number,
  referenceBits: 8 | 16 = 8,
): Buffer {
  return referenceBits === 8
    ? Buffer.from([5, 0x00, 3, reference & 0xff, total, sequence])
    : Buffer.from([6, 0x08, 4, (reference >> 8) & 0xff, reference & 0xff, total, sequence])
}

/** Two octets for a parameter such as user_message_reference. */
export function int16Octets(value: number): Buffer {
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(value & 0xffff, 0)
  return octets
}

/** Value of a C-octet string parameter; the closing NUL is optional, as peers differ there. */
export function tlvText({ tlvs }: { tlvs: Map<number, Buffer> }, tlvTag: number): string | undefined {
  const value = tlvs.get(tlvTag)
  if (value === undefined) return undefined
  const end = value.indexOf(0)
  return value.toString('latin1', 0, end < 0 ? value.length : end)
}
