import { z } from 'zod'
import { parseInput } from '../../../platform/index.ts'
import type { InboundAnswer } from '../../channel.ts'

/** The form that HTTP gateways for USSD post at each step of a dialogue. */
const ussdForm = z.object({
  sessionId: z.string().min(1),
  phoneNumber: z.string().regex(/^\+?[0-9]{5,15}$/),
  networkCode: z.string().optional(),
  serviceCode: z.string().regex(/^[*#][0-9*#]+$/),
  /** What was entered so far, steps joined by `*`; empty at the first step. */
  text: z.string().default(''),
})

/**
 * Reads a gateway's form as an answer. Its text is the code as it would be dialled in one go: service code
 * `*111#` and entered text `500` give `*111*500#`, so that both ways of entering it mean the same. A step that
 * the gateway posts again has the same dedupe key. `atMs`: epoch ms. Throws DomainError('request_invalid').
 */
export function parseUssdForm(form: unknown, atMs: number): InboundAnswer {
  const { sessionId, phoneNumber, serviceCode, text } = parseInput(ussdForm, form)
  const dialled = text === '' ? serviceCode : `${serviceCode.replace(/#$/, '')}*${text}#`
  return {
    address: phoneNumber.startsWith('+') ? phoneNumber : `+${phoneNumber}`,
    channel: 'ussd',
    text: dialled,
    dedupeKey: `ussd:${sessionId}:${text}`,
    atMs,
    session: sessionId,
  }
}

/** The gateway's answer: `END …` closes the dialogue on the phone, `CON …` asks for more input. */
export function formatUssdReply(text: string, more: boolean = false): string {
  return `${more ? 'CON' : 'END'} ${text}`
}
