import { expect, test } from 'vitest'
import { Together } from './together.ts'

test('those who wait at once share the work, each gets an own answer, and who makes it fail fails alone', async () => {
  const worked: string[][] = []
  const together = new Together<string, string>(async (tenantId, questions) => {
    worked.push(questions)
    await Promise.resolve()
    if (questions.includes('bomb')) throw new Error('bang')
    return questions.map((one) => (one === 'no' ? new Error('refused') : `${tenantId} ${one}`))
  })
  const asked = ['a', 'b', 'no', 'bomb', 'c'].map((one) => together.ask('t1', one))
  const elsewhere = together.ask('t2', 'a')
  const results = await Promise.allSettled(asked)
  expect(results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual([
    't1 a',
    't1 b',
    'refused',
    'bang',
    't1 c',
  ])
  expect(await elsewhere).toBe('t2 a')
  expect(worked).toEqual([['a'], ['a'], ['b', 'no', 'bomb', 'c'], ['b'], ['no'], ['bomb'], ['c']])
  expect(await together.ask('t1', 'd')).toBe('t1 d')
})
