import { XMLParser } from 'fast-xml-parser'
import { newId } from '../../platform/index.ts'
import { callBack, type ProviderAnswer, type ProviderOptions, serveProvider } from './http-provider.ts'

/** A message as the relay took it. */
export type RelayedMms = {
  transactionId: string
  number: string
  subject: string
  text: string
  /** Type and size of the picture; undefined without one. */
  media: { type: string; bytes: number } | undefined
}

export type MmsRelay = {
  url: string
  port: number
  received: RelayedMms[]
  stats: { requests: number }
  close(): Promise<void>
}

type Submit = {
  Recipients: { To: { Number: string } }
  Subject?: string
  DeliveryReport: string
  ReadReply: string
}

const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false })
const namespace = 'http://www.3gpp.org/ftp/Specs/archive/23_series/23.140/schema/REL-6-MM7-1-4'

const soap = (transactionId: string, body: string): string =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>` +
  `<TransactionID xmlns="${namespace}">${transactionId}</TransactionID></s:Header><s:Body>${body}</s:Body></s:Envelope>`

/** The parts of a multipart body, by their Content-ID. */
function partsOf(body: Buffer, contentType: string): Map<string, { type: string; bytes: Buffer }> {
  const boundary = /boundary="([^"]+)"/.exec(contentType)![1]!
  const parts = new Map<string, { type: string; bytes: Buffer }>()
  for (const piece of body.toString('latin1').split(`--${boundary}`).slice(1, -1)) {
    const headEnd = piece.indexOf('\r\n\r\n')
    const head = piece.slice(0, headEnd)
    const id = /content-id: <([^>]+)>/i.exec(head)?.[1] ?? ''
    const type = /content-type: ([^\r\n]+)/i.exec(head)?.[1] ?? ''
    parts.set(id, { type, bytes: Buffer.from(piece.slice(headEnd + 4, -2), 'latin1') })
  }
  return parts
}

/** An MMS relay that speaks MM7: it takes messages for any number and reports each as retrieved and read. */
export async function startMmsRelay(options: ProviderOptions = {}): Promise<MmsRelay> {
  const received: RelayedMms[] = []
  const stats = { requests: 0 }
  const { callbackUrl } = options
  const status = (code: number, text: string): string =>
    `<Status><StatusCode>${code}</StatusCode><StatusText>${text}</StatusText></Status>`
  const report = (operation: string, messageId: string, number: string, mmStatus: string) => () =>
    callBack(
      callbackUrl,
      soap(
        newId(),
        `<${operation} xmlns="${namespace}"><MM7Version>6.8.0</MM7Version><MessageID>${messageId}</MessageID>` +
          `<Recipient><Number>${number}</Number></Recipient><MMStatus>${mmStatus}</MMStatus></${operation}>`,
      ),
      { 'content-type': 'text/xml' },
    )
  const server = await serveProvider(options, ({ headers, body }, provider) => {
    stats.requests++
    const parts = partsOf(body, String(headers['content-type']))
    const { Envelope } = parser.parse(parts.get('request')!.bytes.toString()) as {
      Envelope: { Header: { TransactionID: string }; Body: { SubmitReq: Submit } }
    }
    const transactionId = Envelope.Header.TransactionID
    const { Recipients, Subject = '', DeliveryReport, ReadReply } = Envelope.Body.SubmitReq
    const content = parts.get('content')!
    const inner = partsOf(content.bytes, content.type)
    const media = inner.get('media')
    const number = Recipients.To.Number
    const messageId = newId()
    const answer = (result: string): ProviderAnswer => ({
      status: 200,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: soap(transactionId, result),
    })
    const reports = [
      ...(DeliveryReport === 'true' ? [report('DeliveryReportReq', messageId, number, 'Retrieved')] : []),
      ...(ReadReply === 'true' ? [report('ReadReplyReq', messageId, number, 'Read')] : []),
    ]
    return provider.submitted({
      throttled: answer(
        `<s:Fault><faultcode>s:Server</faultcode><faultstring>busy</faultstring><detail>` +
          `<RSErrorRsp xmlns="${namespace}">${status(4006, 'Service unavailable')}</RSErrorRsp></detail></s:Fault>`,
      ),
      failing: { status: 500, body: 'no envelope' },
      take: () => {
        received.push({
          transactionId,
          number,
          subject: Subject,
          text: inner.get('text')!.bytes.toString(),
          media: media && { type: media.type, bytes: media.bytes.length },
        })
        return answer(
          `<SubmitRsp xmlns="${namespace}">${status(1000, 'Success')}<MessageID>${messageId}</MessageID></SubmitRsp>`,
        )
      },
      reports: reports,
    })
  })
  return { url: `${server.url}/mm7`, port: server.port, received, stats, close: () => server.close() }
}
