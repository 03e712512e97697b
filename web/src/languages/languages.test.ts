import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { refusalReason } from '../../../src/insights/contract.ts'
import en from './en.json' with { type: 'json' }
import ru from './ru.json' with { type: 'json' }
import uk from './uk.json' with { type: 'json' }

type Texts = { [key: string]: string | Texts }

const flat = (texts: Texts, before = ''): [string, string][] =>
  Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[before + key, value]] : flat(value, `${before}${key}.`),
  )

const texts = { en: new Map(flat(en)), ru: new Map(flat(ru)), uk: new Map(flat(uk)) }
const PLURAL = /_(zero|one|two|few|many|other)$/

/** Keys without the endings of plural forms. */
const meanings = (of: ReadonlyMap<string, string>): Set<string> =>
  new Set([...of.keys()].map((key) => key.replace(PLURAL, '')))

const placeholders = (text: string): string[] => [...new Set(text.match(/\{\{\w+\}\}/g) ?? [])].sort()

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))

const code = sources(join(import.meta.dirname, '..')).join('\n')

describe.each(['ru', 'uk'] as const)('the %s texts', (language) => {
  it('have the meanings that English has, and no others', () => {
    expect([...meanings(texts[language])].sort()).toEqual([...meanings(texts.en)].sort())
  })

  it('name the same values in each text', () => {
    for (const [key, text] of texts[language]) {
      const own = texts.en.get(key) ?? texts.en.get(key.replace(PLURAL, '_other'))
      expect([key, placeholders(text)]).toEqual([key, placeholders(own ?? '')])
    }
  })
})

describe.each(['en', 'ru', 'uk'] as const)('the %s texts', (language) => {
  it('have every plural form of the language', () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    const plural = new Set(
      [...texts[language].keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, '')),
    )
    expect(plural.size).toBeGreaterThan(0)
    for (const key of plural)
      for (const form of forms) expect(texts[language].has(`${key}_${form}`)).toBe(true)
  })

  it('leave nothing empty', () => {
    expect([...texts[language]].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  it('have words for each reason of those who did not buy', () => {
    for (const reason of refusalReason.shape.reason.options) {
      expect(texts[language].has(`refusal.${reason}`)).toBe(true)
    }
  })
})

describe('the page', () => {
  it('asks for no text that is missing, and every text is asked for', () => {
    const known = meanings(texts.en)
    // A key is written out, or ends in one variable part: t(`totals.${total}`).
    const asked = [...code.matchAll(/\bt\(\s*(?:[^'`()]*\? )?'([\w.]+)'(?:\s*:\s*'([\w.]+)')?/g)].flatMap(
      (match) => [match[1], match[2]].filter((key) => key !== undefined),
    )
    expect(asked.length).toBeGreaterThan(40)
    expect(asked.filter((key) => !known.has(key))).toEqual([])
    const families = [...code.matchAll(/\bt\(`([\w.]+\.)\$\{/g)].map((match) => match[1]!)
    expect(families.filter((family) => ![...known].some((key) => key.startsWith(family)))).toEqual([])
    const spoken = new Set(asked)
    const unused = [...known].filter(
      (key) =>
        !spoken.has(key) &&
        !families.some((family) => key.startsWith(family) && !key.slice(family.length).includes('.')),
    )
    expect(unused).toEqual([])
  })
})
