import { describe, expect, it } from 'vitest'
import {
  blankTemplate,
  insertVariable,
  missingLanguages,
  orNothing,
  previewable,
  readExample,
  shownExample,
  withWords,
} from './draft.ts'
import { withPart } from '../documents/parts.ts'

describe('a draft', () => {
  const blank = blankTemplate('hello', 'sms')

  it('loses what becomes empty, because a document with empty words is refused', () => {
    const once = withWords(blank.text, 'ru', 'Привет')
    expect(withWords(once, 'en', 'Hi')).toEqual({ ru: 'Привет', en: 'Hi' })
    expect(withWords(once, 'ru', '')).toEqual({})
    expect(orNothing({})).toBeUndefined()
    expect('link' in withPart({ ...blank, link: 'https://a' }, 'link', undefined)).toBe(false)
  })

  it('can be looked at while a language is missing, and says which', () => {
    const draft = { ...blank, text: { ru: 'Привет' } }
    expect(missingLanguages(draft)).toEqual(['en', 'uk'])
    expect(previewable(draft).fallback).toEqual(['ru'])
    expect(previewable({ ...draft, fallback: ['en'] }).fallback).toEqual(['en'])
    expect(previewable(blank)).toBe(blank)
  })

  it('takes a variable at the caret', () => {
    expect(insertVariable('Hi , bye', 'name', 3, 3)).toEqual({ text: 'Hi {{ name }}, bye', caret: 13 })
  })

  it('keeps an example through its field', () => {
    for (const [type, value] of [
      ['integer', 500],
      ['string', '500'],
      ['list', [{ code: '*1#' }]],
      ['boolean', true],
    ] as const)
      expect(readExample(shownExample(value), type)).toEqual(value)
    expect(readExample(' ', 'integer')).toBeUndefined()
    expect(readExample('{"amountMinor"', 'money')).toBe('{"amountMinor"')
  })
})
