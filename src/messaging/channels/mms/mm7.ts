import { XMLParser } from 'fast-xml-parser'
import { z } from 'zod'

/** Schema of MM7 in release 6, 3GPP TS 23.140 §8.7. */
const MM7 = 'http://www.3gpp.org/ftp/Specs/archive/23_series/23.140/schema/REL-6-MM7-1-4'
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
const VERSION = '6.8.0'

export const SUCCESS = 1000

// Namespaces are spelt as each relay likes; numbers of phones must not become numbers of JavaScript.
const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, ignoreAttributes: true })

/** An element's text as XML. */
export function escapeXml(text: string): string {
  const escapes: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  return text.replace(/[&<>"']/g, (sign) => escapes[sign]!)
}

/** A SOAP envelope around one MM7 operation; `transactionId` returns in the answer (TS 23.140 §8.7.8.1). */
export function envelope(transactionId: string, operation: string, body: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>` +
    `<env:Envelope xmlns:env="${SOAP}"><env:Header>` +
    `<mm7:TransactionID xmlns:mm7="${MM7}" env:mustUnderstand="1">${escapeXml(transactionId)}</mm7:TransactionID>` +
    `</env:Header><env:Body><${operation} xmlns="${MM7}"><MM7Version>${VERSION}</MM7Version>${body}</${operation}>` +
    `</env:Body></env:Envelope>`
  )
}

export type Operation = { name: string; transactionId: string; fields: unknown }

/** The operation of an envelope; undefined for anything else. */
export function readEnvelope(xml: string): Operation | undefined {
  try {
    const { Envelope } = parser.parse(xml, true) as { Envelope?: { Header?: object; Body?: object } }
    const [entry] = Object.entries(Envelope?.Body ?? {})
    if (entry === undefined) return undefined
    const { TransactionID: transactionId = '' } = (Envelope?.Header ?? {}) as { TransactionID?: string }
    return { name: entry[0], transactionId: String(transactionId), fields: entry[1] }
  } catch {
    return undefined
  }
}

const status = z.object({ StatusCode: z.coerce.number() })

/** The answer to a SubmitReq; a relay that could not serve it wraps an RSErrorRsp in a SOAP fault (§8.7.8.3.3). */
export const submitAnswer = z.union([
  z.object({ Status: status, MessageID: z.string().optional() }),
  z.object({ detail: z.object({ RSErrorRsp: z.object({ Status: status }) }) }).transform(({ detail }) => ({
    Status: detail.RSErrorRsp.Status,
    MessageID: undefined,
  })),
])

/** A DeliveryReportReq or a ReadReplyReq. */
export const reportRequest = z.object({
  MessageID: z.string().min(1),
  MMStatus: z.string(),
  Date: z.iso.datetime({ offset: true }).optional(),
  TimeStamp: z.iso.datetime({ offset: true }).optional(),
})
