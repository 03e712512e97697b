export type Language = 'en' | 'ru' | 'uk'

/** Words of the report: English, Russian, Ukrainian. */
const words = {
  period: ['Period', 'Период', 'Період'],
  campaign: ['Campaign', 'Кампания', 'Кампанія'],
  version: ['version', 'версия', 'версія'],
  totals: ['Taken in', 'Обработано', 'Опрацьовано'],
  subscribers: ['subscribers', 'абонентов', 'абонентів'],
  events: ['events', 'событий', 'подій'],
  firings: ['firings', 'срабатываний', 'спрацювань'],
  messages: ['messages', 'сообщений', 'повідомлень'],
  activations: ['activations', 'подключений', 'підключень'],
  control: ['control', 'контроль', 'контроль'],
  reach: ['Reach', 'Охват', 'Охоплення'],
  enrolled: ['Enrolled', 'В группе', 'У групі'],
  entered: ['Entered', 'Вошли', 'Увійшли'],
  contacted: ['Contacted', 'Получили предложение', 'Отримали пропозицію'],
  delivered: ['Delivered', 'Доставлено', 'Доставлено'],
  answered: ['Answered', 'Ответили', 'Відповіли'],
  activated: ['Activated', 'Подключили', 'Підключили'],
  channels: ['Messages by channel', 'Сообщения по каналам', 'Повідомлення за каналами'],
  submitted: ['sent', 'отправлено', 'надіслано'],
  deliveredBy: ['delivered', 'доставлено', 'доставлено'],
  failed: ['failed', 'не доставлено', 'не доставлено'],
  unknown: ['unknown', 'неизвестно', 'невідомо'],
  held: ['held by policy', 'удержано политикой', 'утримано політикою'],
  answeredBy: ['answers', 'ответов', 'відповідей'],
  cost: ['cost', 'стоимость', 'вартість'],
  of: ['of', 'источник:', 'джерело:'],
  subscriber: ['subscriber', 'абонент', 'абонент'],
  stands: ['stands', 'состояние', 'стан'],
  award_posted: ['credited', 'начислено', 'нараховано'],
  award_pending: ['reserved', 'в резерве', 'у резерві'],
  award_voided: ['given up', 'резерв снят', 'резерв знято'],
  spendableFrom: ['can be spent from', 'можно тратить с', 'можна витрачати з'],
  expires: ['expires', 'сгорит', 'згорить'],
  never: ['never', 'никогда', 'ніколи'],
  takenBack: ['taken back', 'списано за возврат', 'списано за повернення'],
  forgiven: ['of it forgiven', 'из них прощено', 'з них пробачено'],
  deadLetter: ['dead letter', 'непринятое событие', 'неприйнята подія'],
  unknownEvent: [
    'no rule has judged such an event of this member: no event of this id came, or no rule is on its type',
    'ни одно правило не рассматривало такое событие этого участника: событие с этим id не приходило, или правил для его типа нет',
    'жодне правило не розглядало такої події цього учасника: подія з цим id не надходила, або правил для її типу немає',
  ],
  packages: ['Packages activated', 'Подключённые пакеты', 'Підключені пакети'],
  onCredit: ['on credit', 'в кредит', 'у кредит'],
  sales: ['All package sales', 'Все продажи пакетов', 'Усі продажі пакетів'],
  salesTotal: ['Sales', 'Продажи', 'Продажі'],
  salesOnCredit: ['of them on credit', 'из них в кредит', 'з них у кредит'],
  money: ['Money', 'Деньги', 'Гроші'],
  packageRevenue: ['Package revenue', 'Выручка от пакетов', 'Виручка від пакетів'],
  payAsYouGoRevenue: ['Pay-as-you-go revenue', 'Выручка без пакета', 'Виручка без пакета'],
  trustPaymentFees: ['Trust payment fees', 'Комиссии доверительных платежей', 'Комісії довірчих платежів'],
  overduePrincipal: ['Overdue trust payments', 'Просроченный долг', 'Прострочений борг'],
  messageCost: ['Message cost', 'Стоимость сообщений', 'Вартість повідомлень'],
  cascadeSaved: ['Saved by the cascade', 'Экономия каскада', 'Економія каскаду'],
  points: ['Points awarded', 'Начислено баллов', 'Нараховано балів'],
  margin: ['Margin', 'Маржа', 'Маржа'],
  perSubscriber: ['Margin per subscriber', 'Маржа на абонента', 'Маржа на абонента'],
  againstControl: [
    'Against control, per subscriber (95 %)',
    'К контролю, на абонента (95 %)',
    'До контролю, на абонента (95 %)',
  ],
  revenueAgainstControl: ['Package revenue', 'Выручка от пакетов', 'Виручка від пакетів'],
  refusals: ['Why they did not buy', 'Почему не купили', 'Чому не купили'],
  not_contacted: ['not contacted', 'не было контакта', 'не було контакту'],
  held_by_policy: ['held by policy', 'удержано политикой', 'утримано політикою'],
  not_reached: ['not reached', 'не дошло', 'не дійшло'],
  saving_traffic: ['saving traffic', 'экономят трафик', 'заощаджують трафік'],
  renewal_near: ['renewal is near', 'скоро новый период', 'скоро новий період'],
  nothing_affordable: ['nothing affordable', 'не хватает средств', 'бракує коштів'],
  refused: ['refused', 'отказались', 'відмовилися'],
  answer_too_late: ['answered too late', 'ответили поздно', 'відповіли запізно'],
  activation_failed: ['activation failed', 'подключение не удалось', 'підключення не вдалося'],
  bought_by_self_service: ['bought by themselves', 'купили сами', 'купили самі'],
  no_answer: ['no answer', 'не ответили', 'не відповіли'],
} as const satisfies Record<string, readonly [string, string, string]>

export type Word = keyof typeof words

const languages: Language[] = ['en', 'ru', 'uk']

/** Gives the words of a language. */
export function wordsOf(language: Language): (word: Word) => string {
  const place = languages.indexOf(language)
  return (word) => words[word][place]!
}

/** The language of a terminal by `--lang`, else by `LC_ALL`, `LC_MESSAGES`, `LANG`; English for any other. */
export function languageOf(option: string | undefined, env: Record<string, string | undefined>): Language {
  const name = option ?? (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || 'en')
  return languages.find((language) => name.toLowerCase().startsWith(language)) ?? 'en'
}
