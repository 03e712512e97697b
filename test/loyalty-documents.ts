import { eventType, programme } from './loyalty-world.ts'

const words = (en: string, ru: string, uk: string) => ({ en, ru, uk })

/** Two programmes with rules, a ladder, a quest, a streak and an invitation. */
export const loyaltyPageDocuments: object[] = [
  eventType('topup.received', { amountMinor: 'integer', channel: 'string' }),
  eventType('package.bought', { orderId: 'string', amountMinor: 'integer', productId: 'string' }),
  eventType('package.returned', { orderId: 'string', amountMinor: 'integer' }),
  programme({
    id: 'main',
    currency: 'points',
    name: words('Bonus', 'Бонус', 'Бонус'),
    expiry: { after: 'earn', months: 6, endOf: 'month', noticeDays: [30, 7] },
    welcome: { points: '100' },
    budgets: [{ id: 'spring', points: '5000', period: 'month' }],
  }),
  programme({
    id: 'cashback',
    currency: 'RUB',
    decimals: 2,
    name: words('Cashback', 'Кешбэк', 'Кешбек'),
    enrolment: 'by_hand',
  }),
  { kind: 'PointCost', id: 'main', currency: 'RUB', perPoint: '0.1', assumedBreakagePercent: 15 },
  {
    kind: 'EarnRule',
    id: 'topup-five-percent',
    name: words('5 points for 100 roubles', '5 баллов за 100 рублей', '5 балів за 100 рублів'),
    on: 'topup.received',
    points: { perMajorUnit: '0.05' },
    multipliers: [{ id: 'gold', when: 'member.tier == "gold"', times: '2', best: false }],
    caps: [{ per: 'member', period: 'month', points: '200' }],
  },
  {
    kind: 'EarnRule',
    id: 'big-topup',
    name: words('A big top-up', 'Крупное пополнение', 'Велике поповнення'),
    on: 'topup.received',
    where: 'event.amountMinor >= 100000',
    points: { fixed: '50' },
    budget: 'spring',
  },
  {
    kind: 'EarnRule',
    id: 'package',
    name: words('Packages', 'Пакеты', 'Пакети'),
    on: 'package.bought',
    points: {
      steps: [
        { fromMinor: '0', perMajorUnit: '0.1' },
        { fromMinor: '50000', perMajorUnit: '0.2' },
      ],
    },
    pending: { days: 14 },
    reference: 'event.orderId',
    returns: { on: 'package.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
  },
  {
    kind: 'TierLadder',
    id: 'metals',
    name: words('Metals', 'Металлы', 'Метали'),
    by: { measure: 'points' },
    period: { rollingMonths: 12 },
    grace: { months: 1, days: 0 },
    tiers: [
      { id: 'bronze', name: words('Bronze', 'Бронза', 'Бронза'), at: '0' },
      {
        id: 'silver',
        name: words('Silver', 'Серебро', 'Срібло'),
        at: '400',
        benefits: [{ id: 'data', name: words('1 GB a month', '1 ГБ в месяц', '1 ГБ на місяць') }],
      },
      {
        id: 'gold',
        name: words('Gold', 'Золото', 'Золото'),
        at: '1200',
        benefits: [
          { id: 'fee', name: words('Half the fee', 'Половина абонплаты', 'Половина абонплати') },
          { id: 'manager', name: words('A manager of their own', 'Личный менеджер', 'Особистий менеджер') },
        ],
      },
    ],
  },
  {
    kind: 'Quest',
    id: 'first-month',
    name: words('First month', 'Первый месяц', 'Перший місяць'),
    steps: [
      {
        id: 'topups',
        name: words('Top up three times', 'Три пополнения', 'Три поповнення'),
        on: 'topup.received',
        reach: '3',
      },
      {
        id: 'package',
        name: words('Buy a package', 'Купить пакет', 'Купити пакет'),
        on: 'package.bought',
      },
    ],
    deadline: { days: 300 },
    reward: { points: '150' },
  },
  {
    kind: 'Streak',
    id: 'weekly',
    name: words('A top-up each week', 'Пополнение каждую неделю', 'Поповнення щотижня'),
    on: 'topup.received',
    every: 'week',
  },
  {
    kind: 'Referral',
    id: 'friends',
    name: words('Bring a friend', 'Приведи друга', 'Приведи друга'),
    rewards: [
      {
        id: 'joined',
        name: words('First top-up', 'Первое пополнение', 'Перше поповнення'),
        when: { on: 'topup.received' },
        referrer: { points: '300' },
        referee: { points: '100' },
      },
    ],
  },
  {
    kind: 'Reward',
    id: 'cinema',
    name: words('Cinema for two', 'Кино на двоих', 'Кіно на двох'),
    price: { points: '120', byTier: { gold: '100' } },
    gives: { voucher: { pool: 'cinema' } },
    lowStock: 3,
  },
  {
    kind: 'Reward',
    id: 'kettle',
    name: words('A kettle', 'Чайник', 'Чайник'),
    price: { points: '200' },
    gives: { goods: { handOutWithinDays: 10 } },
  },
  {
    kind: 'Reward',
    id: 'pharmacy',
    name: words('Ten per cent at the pharmacy', 'Скидка 10 % в аптеке', 'Знижка 10 % в аптеці'),
    price: { points: '50' },
    gives: { discount: { partner: 'pharmacy', off: { percent: 10 } } },
  },
  {
    kind: 'AbusePolicy',
    id: 'main',
    signals: { velocity: [{ of: 'earned', withinHours: 24, times: 8, score: 60 }] },
    hold: 50,
  },
]
