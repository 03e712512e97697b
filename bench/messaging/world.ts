/** The tenant, the campaign and the documents of the benchmark. */
export const TENANT = 'bench'
export const CAMPAIGN = 'bench'
export const CASCADE = 'offer'

/** A document as it is applied. */
export type Document = { kind: string; id: string } & Record<string, unknown>

/** How we and every peer bind to the SMSC: so many transceivers, each with so many parts without an answer. */
export const BINDS = 4
export const WINDOW = 2_000

/** Who the messages come from, for us and for every peer. */
export const SENDER = 'Operator'

/** Local hours at which it is day for all of the subscribers' time zones now, from two to ten hours east of Greenwich. */
function quietHours(): { from: string; to: string } {
  const hour = new Date().getUTCHours()
  const local = (h: number): string => `${String(h % 24).padStart(2, '0')}:00`
  return { from: local(hour + 13), to: local(hour + 25) }
}

/** Channel, template, cascade and contact policy: all of the gate's rules are asked for every message. */
export function documentsOf(smscPort: number): Document[] {
  return [
    {
      kind: 'Channel',
      id: 'sms',
      priceMinor: '150',
      host: '127.0.0.1',
      port: smscPort,
      systemId: 'tenure',
      password: 'secret',
      sourceAddress: SENDER,
      binds: BINDS,
      window: WINDOW,
      trackedMessages: 500_000,
    },
    {
      kind: 'Template',
      id: 'offer',
      channel: 'sms',
      text: {
        ru: '{{ name }}, {{ volumeGb }} ГБ за {{ price }} до полуночи. Подключить: ДА',
        uk: '{{ name }}, {{ volumeGb }} ГБ за {{ price }} до півночі. Підключити: ТАК',
      },
      fallback: ['ru'],
      variables: { name: { type: 'string' }, volumeGb: { type: 'integer' }, price: { type: 'money' } },
    },
    {
      kind: 'Cascade',
      id: CASCADE,
      purpose: 'marketing',
      steps: [{ channel: 'sms', template: 'offer', until: 'delivered', wait: 'PT2H' }],
    },
    {
      kind: 'ContactPolicy',
      id: 'default',
      consentRequired: true,
      quietHours: quietHours(),
      caps: [
        { channel: 'sms', limit: 3, period: 'P7D' },
        { purpose: 'marketing', limit: 5, period: 'P7D' },
      ],
      minimumGap: 'PT1H',
    },
  ]
}

const names = ['Анна', 'Иван', 'Мария', 'Александр', 'Ольга', 'Дмитрий', 'Елена', 'Сергей', 'Наталья', 'Юрий']

/** What is known of the offer to a subscriber; texts of different subscribers differ, and each is one SMS. */
export function variablesOf(subscriberId: number): { name: string; volumeGb: number; price: object } {
  return {
    name: names[subscriberId % names.length]!,
    volumeGb: 1 + (subscriberId % 40),
    price: { amountMinor: String(9_900 + (subscriberId % 90) * 1_000), currency: 'RUB', decimals: 2 },
  }
}

/** What peers send, who have no templates: the same words for a subscriber. */
export function textOf(subscriberId: number): string {
  const { name, volumeGb } = variablesOf(subscriberId)
  return `${name}, ${volumeGb} ГБ за ${99 + (subscriberId % 90) * 10} руб. до полуночи. Подключить: ДА`
}

/** A subscriber's number in international form without the plus sign, as it stands on the wire. */
export const MSISDN_PREFIX = '79'
export const MSISDN_DIGITS = 9
export const msisdnOf = (subscriberId: number): string =>
  `${MSISDN_PREFIX}${String(subscriberId).padStart(MSISDN_DIGITS, '0')}`
