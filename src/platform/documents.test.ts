import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import type { Tx } from './database.ts'
import { type DocumentKind, Documents } from './documents.ts'
import { newId } from './identifiers.ts'
import { KEPT_SECRET } from './kept-secrets.ts'

const word: DocumentKind = {
  kind: 'Word',
  schema: z.strictObject({
    kind: z.literal('Word'),
    id: z.string(),
    text: z.string().min(2),
    next: z.string().optional(),
  }),
  check: (document: { next?: string }, reader) =>
    document.next === undefined || reader.get('Word', document.next)
      ? []
      : [{ code: 'reference_missing', message: 'no such word', field: 'next', found: document.next }],
}
const safe: DocumentKind = {
  kind: 'Safe',
  secrets: ['code', 'formerCode', 'lock.key'],
  schema: z.strictObject({
    kind: z.literal('Safe'),
    id: z.string(),
    code: z.string().regex(/^\d+$/),
    formerCode: z.string().regex(/^\d+$/).optional(),
    lock: z
      .strictObject({ maker: z.string(), key: z.string() })
      .refine(({ maker }) => maker !== 'none', { message: 'a lock has a maker' })
      .optional(),
  }),
}
const wordOf = (id: string, rest: object = {}): object => ({ kind: 'Word', id, text: 'hello', ...rest })

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const fresh = (): { documents: Documents; tenantId: string } => {
  return { documents: new Documents(stores.database, [word, safe]), tenantId: `t-${newId()}` }
}
const rows = (tenantId: string): Promise<unknown[]> =>
  stores.database.tx(tenantId, (tx) =>
    tx.query('select id, version from platform.document order by id, version'),
  )

test('a change is a new version, the same text is none, and former versions stay readable', async () => {
  const { documents, tenantId } = fresh()
  expect(await documents.apply(tenantId, [wordOf('a')])).toMatchObject([{ outcome: 'created', version: 1 }])
  expect(await documents.apply(tenantId, [wordOf('a')])).toMatchObject([{ outcome: 'unchanged', version: 1 }])
  expect(await documents.apply(tenantId, [wordOf('a', { text: 'new' })])).toMatchObject([
    { outcome: 'updated', version: 2 },
  ])
  expect(await rows(tenantId)).toEqual([
    { id: 'a', version: 1 },
    { id: 'a', version: 2 },
  ])
  for (let time = 0; time < 2; time++) {
    expect(await documents.get(tenantId, 'Word', 'a', 1)).toMatchObject({ text: 'hello' })
    expect(await documents.get(tenantId, 'Word', 'a', 2)).toMatchObject({ text: 'new' })
    expect(await documents.get(tenantId, 'Word', 'a')).toMatchObject({ text: 'new' })
    expect(await documents.get(tenantId, 'Word', 'a', 3)).toBeUndefined()
  }
  expect(await documents.get('another', 'Word', 'a', 1)).toBeUndefined()
})

test('documents of one call may refer to each other; one that is refused keeps all from being saved', async () => {
  const { documents, tenantId } = fresh()
  const results = await documents.apply(tenantId, [wordOf('a', { next: 'b' }), wordOf('b', { text: 'x' })])
  expect(results[1]).toMatchObject({
    outcome: 'refused',
    problems: [{ code: 'schema', field: 'text', found: 'x' }],
  })
  expect(await rows(tenantId)).toEqual([])
  await documents.apply(tenantId, [wordOf('a', { next: 'b' }), wordOf('b')])
  expect(await rows(tenantId)).toHaveLength(2)
})

test('each problem names its field, the one that should not be there as well', async () => {
  const { documents, tenantId } = fresh()
  const given = [wordOf('a', { txt: 1 }), { kind: 'Wort', id: 'b' }, wordOf('c', { next: 'gone' }), null, 7]
  const results = await documents.apply(tenantId, given)
  expect(results.map((result) => result.problems?.map(({ field, found }) => [field, found]))).toEqual([
    [['txt', 1]],
    [['kind', 'Wort']],
    [['next', 'gone']],
    [['kind', '']],
    [['kind', '']],
  ])
})

test('what is stored may speak against a change, in a dry run too, and is asked of nothing that stays', async () => {
  const asked: unknown[] = []
  const kept: DocumentKind = {
    ...word,
    checkChange: async (tx: Tx, now: { id: string }, before: object | undefined) => {
      const [row] = await tx.query<{ count: number }>('select count(*)::int as count from platform.document')
      asked.push([now.id, before !== undefined, row!.count])
      return before ? [{ code: 'word_kept', message: 'it is in use', field: 'text' }] : []
    },
  }
  const { tenantId } = fresh()
  const documents = new Documents(stores.database, [kept])
  await documents.apply(tenantId, [wordOf('a')])
  await documents.apply(tenantId, [wordOf('a')])
  for (const dryRun of [true, false]) {
    const results = await documents.apply(tenantId, [wordOf('a', { text: 'other' }), wordOf('b')], { dryRun })
    expect(results).toMatchObject([
      { outcome: 'refused', problems: [{ code: 'word_kept' }] },
      { outcome: 'created' },
    ])
  }
  expect(asked).toEqual([
    ['a', false, 0],
    ['a', true, 1],
    ['b', false, 1],
    ['a', true, 1],
    ['b', false, 1],
  ])
  expect(await rows(tenantId)).toHaveLength(1)
})

test('one document twice in a call is refused, whatever the two say', async () => {
  const { documents, tenantId } = fresh()
  const results = await documents.apply(tenantId, [wordOf('a'), wordOf('b'), wordOf('a', { text: 'other' })])
  expect(results.map((result) => result.outcome)).toEqual(['created', 'created', 'refused'])
  expect(results[2]!.problems).toMatchObject([{ code: 'document_repeated', field: 'id', found: 'a' }])
  expect(await rows(tenantId)).toEqual([])
})

test('a dry run only tells', async () => {
  const { documents, tenantId } = fresh()
  expect(await documents.apply(tenantId, [wordOf('a')], { dryRun: true })).toMatchObject([
    { outcome: 'created' },
  ])
  expect(await rows(tenantId)).toEqual([])
  expect(await documents.list(tenantId, 'Word')).toEqual([])
})

test('of two processes that save at once one is told of the conflict, and its next try goes well', async () => {
  const { documents, tenantId } = fresh()
  const other = new Documents(stores.database, [word])
  await documents.apply(tenantId, [wordOf('a')])
  await other.list(tenantId, 'Word')
  await documents.apply(tenantId, [wordOf('a', { text: 'first' })])
  const late = [wordOf('a', { text: 'second' })]
  await expect(other.apply(tenantId, late)).rejects.toMatchObject({ code: 'document_conflict' })
  expect(await other.apply(tenantId, late)).toMatchObject([{ outcome: 'updated', version: 3 }])
})

test('listeners hear which kinds changed, and nothing of what did not', async () => {
  const { documents, tenantId } = fresh()
  const heard: unknown[] = []
  documents.onChange((id, kinds) => void heard.push([id, [...kinds]]))
  await documents.apply(tenantId, [wordOf('a')])
  await documents.apply(tenantId, [wordOf('a')])
  await documents.apply(tenantId, [wordOf('b', { text: '' })])
  await documents.apply(tenantId, [wordOf('c')], { dryRun: true })
  expect(heard).toEqual([[tenantId, ['Word']]])
})

test('what a kind brings along is saved with it, may be referred to at once, and gives way to one’s own', async () => {
  const tenantId = `t-${newId()}`
  const dictionary: DocumentKind = {
    kind: 'Dictionary',
    schema: z.strictObject({ kind: z.literal('Dictionary'), id: z.string(), size: z.int() }),
    bringsAlong: () => [wordOf('first'), wordOf('second')],
  }
  const documents = new Documents(stores.database, [word, dictionary])
  const heard: string[][] = []
  documents.onChange((_, kinds) => void heard.push([...kinds].toSorted()))
  const own = wordOf('second', { text: 'my own' })
  await documents.apply(tenantId, [own])
  expect(await documents.apply(tenantId, [wordOf('x', { next: 'first' })])).toMatchObject([
    { outcome: 'refused' },
  ])
  const both = [{ kind: 'Dictionary', id: 'd', size: 1 }, wordOf('x', { next: 'first' })]
  await documents.apply(tenantId, both, { dryRun: true })
  expect(await documents.get(tenantId, 'Word', 'first')).toBeUndefined()
  expect(await documents.apply(tenantId, both)).toMatchObject([
    { outcome: 'created' },
    { outcome: 'created' },
  ])
  expect(await documents.get(tenantId, 'Word', 'first')).toEqual(wordOf('first'))
  expect(await documents.get(tenantId, 'Word', 'second')).toEqual(own)
  // Later ones of the kind bring nothing that is there, and change nothing of it.
  await documents.apply(tenantId, [wordOf('first', { text: 'changed' })])
  await documents.apply(tenantId, [{ kind: 'Dictionary', id: 'e', size: 2 }])
  expect(await documents.get(tenantId, 'Word', 'first')).toEqual(wordOf('first', { text: 'changed' }))
  expect(heard).toEqual([['Word'], ['Dictionary', 'Word'], ['Word'], ['Dictionary']])
})

test('a secret is told to nobody once it is saved, and what was told can be applied again', async () => {
  const { documents, tenantId } = fresh()
  const kept = { kind: 'Safe', id: 'a', code: KEPT_SECRET }
  expect(await documents.apply(tenantId, [kept])).toMatchObject([
    { outcome: 'refused', problems: [{ field: 'code', found: KEPT_SECRET }] },
  ])
  await documents.apply(tenantId, [{ kind: 'Safe', id: 'a', code: '123', formerCode: '7' }])
  const exported = await documents.export(tenantId)
  expect(exported).toEqual([{ ...kept, formerCode: KEPT_SECRET }])
  expect(await documents.apply(tenantId, exported)).toMatchObject([{ outcome: 'unchanged' }])
  // Another document's secret is not this one's.
  expect(await documents.apply(tenantId, [{ ...kept, id: 'b' }])).toMatchObject([{ outcome: 'refused' }])
  expect(await documents.apply(tenantId, [kept])).toMatchObject([{ outcome: 'updated', version: 2 }])
  expect(await documents.get(tenantId, 'Safe', 'a')).toEqual({ kind: 'Safe', id: 'a', code: '123' })
})

test('a secret that lies within a field is told as little, also by what is wrong beside it', async () => {
  const { documents, tenantId } = fresh()
  const safeOf = (lock: object): object => ({ kind: 'Safe', id: 'a', code: '1', lock })
  expect(await documents.apply(tenantId, [safeOf({ maker: 'ours', key: KEPT_SECRET })])).toMatchObject([
    { outcome: 'refused', problems: [{ code: 'secret_missing', field: 'lock.key' }] },
  ])
  await documents.apply(tenantId, [safeOf({ maker: 'ours', key: 'opens it' })])
  const masked = { maker: 'ours', key: KEPT_SECRET }
  expect(await documents.export(tenantId)).toMatchObject([{ lock: masked }])
  expect(await documents.apply(tenantId, [safeOf(masked)])).toMatchObject([{ outcome: 'unchanged' }])
  await documents.apply(tenantId, [safeOf({ ...masked, maker: 'theirs' })])
  expect(await documents.get(tenantId, 'Safe', 'a')).toMatchObject({
    lock: { maker: 'theirs', key: 'opens it' },
  })
  const refused = await documents.apply(tenantId, [safeOf({ ...masked, maker: 'none' })])
  expect(refused).toMatchObject([{ problems: [{ field: 'lock', found: { ...masked, maker: 'none' } }] }])
})
