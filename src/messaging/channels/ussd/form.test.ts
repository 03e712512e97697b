import { describe, expect, test } from 'vitest'
import { DomainError } from '../../../platform/index.ts'
import { formatUssdReply, parseUssdForm } from './form.ts'

const form = {
  sessionId: 'S1',
  phoneNumber: '79990000001',
  networkCode: '25001',
  serviceCode: '*111#',
  text: '',
}

describe('USSD over HTTP', () => {
  test('a form is read as the code that was dialled', () => {
    expect(parseUssdForm(form, 5)).toEqual({
      address: '+79990000001',
      channel: 'ussd',
      text: '*111#',
      dedupeKey: 'ussd:S1:',
      atMs: 5,
      session: 'S1',
    })
    expect(parseUssdForm({ ...form, text: '500' }, 5)).toMatchObject({
      text: '*111*500#',
      dedupeKey: 'ussd:S1:500',
    })
    expect(parseUssdForm({ ...form, text: undefined, serviceCode: '*111*500#' }, 5).text).toBe('*111*500#')
  })

  test.each([{ sessionId: '' }, { phoneNumber: 'Tenure' }, { serviceCode: '111' }, { text: 5 }])(
    'refuses %o',
    (bad) => {
      expect(() => parseUssdForm({ ...form, ...bad }, 5)).toThrow(DomainError)
    },
  )

  test('the reply ends the dialogue or goes on with it', () => {
    expect(formatUssdReply('Подключено')).toBe('END Подключено')
    expect(formatUssdReply('1 — да', true)).toBe('CON 1 — да')
  })
})
