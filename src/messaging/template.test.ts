import { describe, expect, test } from 'vitest'
import { type Template, template } from './contract.ts'
import { checkTemplate, renderTemplate } from './template.ts'

const templateOf = (rest: object = {}): Template =>
  template.parse({
    kind: 'Template',
    id: 'greeting',
    channel: 'dstk',
    text: { en: 'Buy {{ largest.volumeMb }} MB', ru: 'Купите {{ largest.volumeMb }} МБ', uk: 'Купіть' },
    ...rest,
  })
const variables = {
  largest: { volumeMb: 500, productId: 'data-500' },
  items: [{ code: '*1#' }, { code: '*2#' }],
}

describe('rendering', () => {
  test('speaks the subscriber’s language', () => {
    expect(renderTemplate(templateOf(), 'en', variables)).toEqual({ text: 'Buy 500 MB' })
    expect(renderTemplate(templateOf(), 'ru', variables)).toEqual({ text: 'Купите 500 МБ' })
    expect(renderTemplate(templateOf(), 'uk', variables)).toEqual({ text: 'Купіть' })
  })

  test('fills choices with their ids and words', () => {
    const choices = [{ id: '{{ largest.productId }}', label: { en: 'OK', ru: 'Да', uk: 'Так' } }]
    expect(renderTemplate(templateOf({ choices }), 'ru', variables)).toEqual({
      text: 'Купите 500 МБ',
      choices: [{ id: 'data-500', label: 'Да' }],
    })
  })

  test('repeats for a list and trims the ends', () => {
    const text = '{% for item in items %}{{ item.code }}\n{% endfor %}'
    const list = templateOf({ text: { en: text, ru: text, uk: text } })
    expect(renderTemplate(list, 'en', variables).text).toBe('*1#\n*2#')
  })

  test.for([
    ['a missing variable', '{{ largest.price }} roubles', 'largest.price'],
    ['a variable that is nowhere', '{{ discount }}', 'discount'],
    ['what comes out empty', '{% for item in none %}{{ item.code }}{% endfor %}', 'empty'],
    ['a property that is not the value’s own', '{{ items.constructor }}', 'items.constructor'],
  ])('%s fails and never leaves a hole', ([, text, named]) => {
    const broken = templateOf({ text: { en: text, ru: text, uk: text } })
    expect(() => renderTemplate(broken, 'en', { ...variables, none: [] })).toThrow(
      expect.objectContaining({
        code: 'template_failed',
        details: { field: 'greeting' },
        message: expect.stringContaining(named!) as string,
      }),
    )
  })
})

describe('the check', () => {
  test('names the language and the place of each syntax error', () => {
    const choices = [{ id: '{{ a ', label: { en: 'OK', ru: '{% if x %}', uk: 'OK' } }]
    const broken = templateOf({
      text: { en: 'fine', ru: 'ok {{ a | unheard }}', uk: '{% endfor %}' },
      choices,
    })
    expect(checkTemplate(broken).map(({ code, field, found }) => [code, field, found])).toEqual([
      ['template_invalid', 'text.ru', 'ok {{ a | unheard }}'],
      ['template_invalid', 'text.uk', '{% endfor %}'],
      ['template_invalid', 'choices.0.id', '{{ a '],
      ['template_invalid', 'choices.0.label.ru', '{% if x %}'],
    ])
    expect(checkTemplate(broken)[0]!.message).toMatch(/unheard.*line:1, col:\d/)
  })

  test('finds nothing in a good one, and a language that is missing is refused by the schema', () => {
    expect(checkTemplate(templateOf())).toEqual([])
    expect(() => templateOf({ text: { en: 'one', ru: 'two' } })).toThrow(/uk/)
  })
})
