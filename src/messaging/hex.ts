/** Up to eight hexadecimal digits as a whole number of 32 bits. */
export function hexAt(id: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) {
    const code = id.charCodeAt(at)
    value = (value << 4) | (code <= 0x39 ? code - 0x30 : (code & 0xdf) - 0x37)
  }
  return value
}
