import type { Expiry, Words } from '../programmes.ts'

/** What a programme says about the life of points, in plain words. */
export function policyText(expiry: Expiry): Words {
  if (expiry === 'never') {
    return { en: 'Points never expire.', ru: 'Баллы не сгорают.', uk: 'Бали не згорають.' }
  }
  const { after, months, days, endOf } = expiry
  const byActivity = after === 'activity'
  const length = (unit: { months: string; days: string }): string =>
    months === undefined ? `${days} ${unit.days}` : `${months} ${unit.months}`
  const ends = {
    day: { en: '', ru: '', uk: '' },
    month: { en: ', at the end of the month', ru: ', в конце месяца', uk: ', наприкінці місяця' },
    year: { en: ', at the end of the year', ru: ', в конце года', uk: ', наприкінці року' },
  }[endOf]
  return {
    en: `Points expire ${length({ months: 'months', days: 'days' })} after ${byActivity ? 'you last earned any' : 'they were earned'}${ends.en}.`,
    ru: `Баллы сгорают через ${length({ months: 'мес.', days: 'дн.' })} после ${byActivity ? 'последнего начисления' : 'их начисления'}${ends.ru}.`,
    uk: `Бали згорають через ${length({ months: 'міс.', days: 'дн.' })} після ${byActivity ? 'останнього нарахування' : 'їх нарахування'}${ends.uk}.`,
  }
}
