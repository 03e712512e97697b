/** A part of a multipart body, named by its Content-ID. */
type Part = { type: string; id: string; bytes: Buffer }

/** Makes a part of a text or of octets. */
export const part = (type: string, id: string, content: string | Buffer): Part => ({
  type,
  id,
  bytes: typeof content === 'string' ? Buffer.from(content) : content,
})

/** A multipart body (RFC 2387). */
export function multipart(boundary: string, parts: Part[]): Buffer {
  const pieces = parts.flatMap(({ type, id, bytes }) => [
    Buffer.from(`--${boundary}\r\nContent-Type: ${type}\r\nContent-ID: <${id}>\r\n\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)])
}

/** One slide: the picture above, the text below it (SMIL as in the MMS Conformance Document). */
export function smil(mediaType: string | undefined): string {
  const element = mediaType?.startsWith('video/') ? 'video' : 'img'
  const media = mediaType === undefined ? '' : `<${element} src="cid:media" region="Image"/>`
  return (
    `<smil><head><layout><root-layout/><region id="Image" left="0" top="0" width="100%" height="70%" fit="meet"/>` +
    `<region id="Text" left="0" top="70%" width="100%" height="30%"/></layout></head>` +
    `<body><par dur="8s">${media}<text src="cid:text" region="Text"/></par></body></smil>`
  )
}
