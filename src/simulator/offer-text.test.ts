import { expect, test } from 'vitest'

import { readOffers } from './offer-text.ts'

test('Russian: a header with a size is no offer, lines are options', () => {
  const offers = readOffers(
    'Ваш пакет 3 ГБ закончился. В долг до пополнения:\n1000 МБ 250 ₽ *111*1000#\n500 МБ за 150 руб. *111*500#\n100МБ - 50р: *111*100#',
  )
  expect(offers).toEqual([
    { sizeMb: 1000, priceMinor: 25_000, onCredit: true, code: '*111*1000#', keyword: undefined },
    { sizeMb: 500, priceMinor: 15_000, onCredit: true, code: '*111*500#', keyword: undefined },
    { sizeMb: 100, priceMinor: 5_000, onCredit: true, code: '*111*100#', keyword: undefined },
  ])
})

test('Ukrainian: one line, codes after sizes, one of them on credit', () => {
  const offers = readOffers('Пакет вичерпано. 200 МБ 80 ₽ *111*200#, 1 ГБ 250,50 ₽ у борг *111*1000#')
  expect(offers).toEqual([
    { sizeMb: 200, priceMinor: 8_000, onCredit: false, code: '*111*200#', keyword: undefined },
    { sizeMb: 1000, priceMinor: 25_050, onCredit: true, code: '*111*1000#', keyword: undefined },
  ])
})

test('English: a pop-up without a code; reply words; codes before sizes', () => {
  expect(readOffers('500 MB for 150 RUB on credit. Press OK')).toEqual([
    { sizeMb: 500, priceMinor: 15_000, onCredit: true, code: undefined, keyword: undefined },
  ])
  expect(readOffers('100 MB 50 RUB - reply 1; 500 MB 150 RUB - reply "3"').map((o) => o.keyword)).toEqual([
    '1',
    '3',
  ])
  expect(readOffers('*111*100# 100 MB, *111*200# 200 MB').map((o) => [o.sizeMb, o.code])).toEqual([
    [100, '*111*100#'],
    [200, '*111*200#'],
  ])
})

test('the way to answer in the next sentence belongs to the offer before it', () => {
  expect(readOffers('500 МБ за 150 ₽. Наберите *111*500#')).toEqual([
    { sizeMb: 500, priceMinor: 15_000, onCredit: false, code: '*111*500#', keyword: undefined },
  ])
  expect(readOffers('500 МБ за 150 ₽. Відповідь: надішліть 3')[0]?.keyword).toBe('3')
})

test('words alone offer nothing', () => {
  expect(readOffers('500 MB 150 RUB, we will send you a receipt')[0]?.keyword).toBeUndefined()
  expect(readOffers('500 МБ 150 ₽, ответьте словом ДА')[0]?.keyword).toBe('ДА')
  expect(readOffers('Спасибо, что вы с нами!')).toEqual([])
  expect(readOffers('')).toEqual([])
})
