const words = (en: string, ru: string, uk: string) => ({ en, ru, uk })

const capital = (id: string, en: string, ru: string, uk: string, answer: number, ...options: string[]) => ({
  id,
  text: words(en, ru, uk),
  options: options.map((option, i) => ({ id: `o${i + 1}`, text: words(option, option, option) })),
  answer: `o${answer}`,
})

/** What members of the programme `main` can play for. */
export const loyaltyPlayDocuments: object[] = [
  {
    kind: 'Badge',
    id: 'steady',
    name: words('Steady', 'Постоянный', 'Постійний'),
  },
  {
    kind: 'Streak',
    id: 'weekly',
    name: words('A top-up each week', 'Пополнение каждую неделю', 'Поповнення щотижня'),
    on: 'topup.received',
    every: 'week',
    freezes: { each: 4, most: 2 },
    milestones: [
      { at: 4, reward: { points: '40' } },
      { at: 12, reward: { badge: 'steady' } },
      { at: 26, again: false, reward: { points: '300', badge: 'steady' } },
    ],
  },
  {
    kind: 'Achievement',
    id: 'saver',
    name: words('Saver', 'Копилка', 'Скарбничка'),
    on: 'topup.received',
    sum: 'event.amountMinor / 100',
    levels: [
      { at: '1000', name: words('Copper', 'Медь', 'Мідь') },
      { at: '5000', name: words('Steel', 'Сталь', 'Сталь'), reward: { badge: 'steady' } },
      { at: '20000', name: words('Diamond', 'Алмаз', 'Діамант'), reward: { points: '500' } },
    ],
  },
  {
    kind: 'Leaderboard',
    id: 'top-ups',
    name: words('Top-ups of the year', 'Пополнения за год', 'Поповнення за рік'),
    on: 'topup.received',
    sum: 'event.amountMinor / 100',
    period: 'year',
  },
  {
    kind: 'Wheel',
    id: 'fortune',
    name: words('Wheel of spring', 'Колесо весны', 'Колесо весни'),
    free: { period: 'day', rounds: 5 },
    prizes: [
      { id: 'nothing', name: words('Nothing', 'Ничего', 'Нічого'), weight: 60 },
      { id: 'ten', name: words('10 points', '10 баллов', '10 балів'), weight: 25, reward: { points: '10' } },
      {
        id: 'hundred',
        name: words('100 points', '100 баллов', '100 балів'),
        weight: 10,
        reward: { points: '100' },
      },
      {
        id: 'badge',
        name: words('A badge', 'Значок', 'Значок'),
        weight: 5,
        reward: { badge: 'steady' },
        stock: 20,
      },
    ],
    otherwise: 'nothing',
  },
  {
    kind: 'Quiz',
    id: 'capitals',
    name: words('Capitals', 'Столицы', 'Столиці'),
    free: { period: 'week', rounds: 1 },
    perRound: 2,
    questions: [
      capital('it', 'Of Italy?', 'Италии?', 'Італії?', 1, 'Roma', 'Milano', 'Torino'),
      capital('fr', 'Of France?', 'Франции?', 'Франції?', 2, 'Lyon', 'Paris', 'Nice'),
      capital('es', 'Of Spain?', 'Испании?', 'Іспанії?', 3, 'Sevilla', 'Bilbao', 'Madrid'),
    ],
    rewards: [
      { correct: 1, reward: { points: '5' } },
      { correct: 2, reward: { points: '20' } },
    ],
  },
  {
    kind: 'BotGame',
    id: 'doors',
    name: words('Three doors', 'Три двери', 'Троє дверей'),
    free: { period: 'day', rounds: 1 },
    reward: { points: '30' },
  },
]
