const same = (text: string) => ({ en: text, ru: text, uk: text })

const items = [
  { volumeMb: 500, price: '50', code: '*111*500#' },
  { volumeMb: 1000, price: '90', code: '*111*1000#' },
]
const list = (mb: string, rub: string): string =>
  `{% for item in items %}{{ item.volumeMb }} ${mb} ${rub}{% endfor %}`

const picture = {
  url: 'data:image/gif;base64,R0lGODlhAQABAIAAADRNtf///ywAAAAAAQABAAACAkQBADs=',
  contentType: 'image/gif',
}
const rich = {
  subject: { en: 'Weekend for free', ru: 'Выходные бесплатно', uk: 'Вихідні безкоштовно' },
  text: {
    en: 'Friends talk for free this weekend. Switch it on with one tap.',
    ru: 'В эти выходные друзья говорят бесплатно. Подключите одним касанием.',
    uk: 'Цими вихідними друзі розмовляють безкоштовно. Увімкніть одним дотиком.',
  },
  media: picture,
  link: 'https://operator.example/weekend',
  choices: [
    { id: 'yes', label: { en: 'Switch on', ru: 'Подключить', uk: 'Увімкнути' } },
    { id: 'no', label: { en: 'Not now', ru: 'Не сейчас', uk: 'Не зараз' } },
  ],
}
const { subject: _subject, ...chat } = rich
const { choices: _choices, ...viber } = chat
const { choices: _none, link: _link, ...mms } = rich

/** What the pages about messages are shown with: every kind of channel has something to say. */
export const messageDocuments: object[] = [
  {
    kind: 'Template',
    id: 'package-used-up-sms',
    channel: 'sms',
    text: {
      en: `Your internet package is used up. Add data:\n${list('MB', 'for {{ item.price }} rub: {{ item.code }}\n')}`,
      ru: `Интернет-пакет закончился. Добавьте трафик:\n${list('МБ', 'за {{ item.price }} руб: {{ item.code }}\n')}`,
      uk: `Інтернет-пакет закінчився. Додайте трафік:\n${list('МБ', 'за {{ item.price }} руб: {{ item.code }}\n')}`,
    },
    variables: { items: { type: 'list', example: items } },
  },
  {
    kind: 'Template',
    id: 'package-used-up-dstk',
    channel: 'dstk',
    text: {
      en: 'Internet package used up. {{ volumeMb }} MB for {{ price }}. Press OK.',
      ru: 'Интернет-пакет закончился. {{ volumeMb }} МБ — {{ price }} Нажмите OK.',
    },
    fallback: ['ru', 'en'],
    choices: [{ id: 'buy', label: same('OK') }],
    variables: {
      volumeMb: { type: 'integer', example: 500 },
      price: { type: 'money', example: { amountMinor: '5000', currency: 'RUB' } },
    },
  },
  { kind: 'Template', id: 'weekend-push', channel: 'push', ...rich },
  { kind: 'Template', id: 'weekend-rcs', channel: 'rcs', ...rich },
  { kind: 'Template', id: 'weekend-inbox', channel: 'inbox', ...rich },
  { kind: 'Template', id: 'weekend-telegram', channel: 'telegram', ...chat },
  { kind: 'Template', id: 'weekend-whatsapp', channel: 'whatsapp', ...chat },
  { kind: 'Template', id: 'weekend-viber', channel: 'viber', ...viber },
  { kind: 'Template', id: 'weekend-mms', channel: 'mms', ...mms },
  {
    kind: 'Template',
    id: 'weekend-ad',
    channel: 'telegram-ads',
    text: rich.text,
    link: 'https://operator.example/weekend',
  },
  {
    kind: 'Template',
    id: 'statement-email',
    channel: 'email',
    subject: { en: 'Your month in figures', ru: 'Ваш месяц в цифрах', uk: 'Ваш місяць у цифрах' },
    text: {
      en: 'You used {{ gb }} GB.',
      ru: 'Вы использовали {{ gb }} ГБ.',
      uk: 'Ви використали {{ gb }} ГБ.',
    },
    html: same(
      '<div style="font:15px sans-serif;padding:20px"><h1 style="color:#364eb5">{{ gb }} GB</h1><p>That is 12 % more than in February.</p></div>',
    ),
    variables: { gb: { type: 'decimal', example: 14.2 } },
  },
  {
    kind: 'Template',
    id: 'visit-calendar',
    channel: 'calendar',
    subject: {
      en: 'SIM card, shop on Main Street',
      ru: 'SIM-карта, салон на Главной',
      uk: 'SIM-картка, салон на Головній',
    },
    text: {
      en: 'Bring your passport, please.',
      ru: 'Возьмите паспорт, пожалуйста.',
      uk: 'Візьміть паспорт, будь ласка.',
    },
    appointment: {
      uid: 'visit-1',
      startsAt: '2026-04-02T14:00',
      duration: 'PT30M',
      timeZone: 'Europe/Moscow',
      location: { en: 'Main Street 1', ru: 'Главная, 1', uk: 'Головна, 1' },
    },
  },
  { kind: 'Channel', id: 'dstk', priceMinor: '30', url: 'http://gateway' },
  {
    kind: 'Channel',
    id: 'sms',
    priceMinor: '110',
    host: 'smsc',
    port: 2775,
    systemId: 's',
    password: 'p',
    sourceAddress: 'Alpha',
  },
  {
    kind: 'Cascade',
    id: 'package-used-up',
    purpose: 'service',
    steps: [
      {
        channel: 'dstk',
        template: 'package-used-up-dstk',
        until: 'answered',
        wait: 'PT15M',
        validFor: 'PT1H',
      },
      {
        channel: 'sms',
        template: 'package-used-up-sms',
        until: 'answered',
        wait: 'PT23H',
        validFor: 'PT20H',
      },
    ],
  },
  {
    kind: 'Cascade',
    id: 'ten-percent-left',
    sendWindow: { from: '10:00', to: '20:00', days: [1, 2, 3, 4, 5] },
    steps: [
      {
        channel: 'sms',
        template: 'package-used-up-sms',
        until: 'answered',
        wait: 'PT23H',
        validFor: 'PT20H',
      },
    ],
  },
  {
    kind: 'ContactPolicy',
    id: 'default',
    quietHours: { from: '21:00', to: '09:00' },
    caps: [
      { limit: 3, period: 'P7D' },
      { channel: 'sms', purpose: 'marketing', limit: 1, period: 'P1D', below: 50 },
    ],
  },
]
