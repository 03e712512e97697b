import { describe, expect, test } from 'vitest'
import { type Template, template } from './contract.ts'
import { prepareTemplate, renderTemplate } from './template.ts'
import { checkTemplate } from './template-check.ts'

const templateOf = (rest: object = {}): Template =>
  template.parse({
    kind: 'Template',
    id: 'greeting',
    channel: 'dstk',
    text: { en: 'Buy {{ largest.volumeMb }} MB', ru: 'Купите {{ largest.volumeMb }} МБ', uk: 'Купіть' },
    ...rest,
  })
const same = (text: string) => ({ en: text, ru: text, uk: text })
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
      ['template_invalid', 'choices.0.label.ru', '{% if x %}'],
      ['template_invalid', 'choices.0.id', '{{ a '],
    ])
    expect(checkTemplate(broken)[0]!.message).toMatch(/unheard.*line:1, col:\d/)
  })

  test('finds nothing in a good one, and a language that is missing is refused by the schema', () => {
    expect(checkTemplate(templateOf())).toEqual([])
    expect(() => templateOf({ text: { en: 'one', ru: 'two' } })).toThrow(/uk/)
    expect(() => templateOf({ text: { ru: 'two' }, fallback: ['en'] })).toThrow(/no en words/)
  })

  test.for([
    [
      'an undeclared variable with its place',
      { text: same('Dear\n {{ nome }}') },
      'variable_undeclared',
      'text.en',
      2,
    ],
    [
      'an undeclared one in a loop',
      { text: same('{% for i in list %}{{ i.a }}{% endfor %}') },
      'variable_undeclared',
      'text.en',
      1,
    ],
    [
      'an example of another type',
      { text: same('{{ name }}'), variables: { name: { type: 'integer', example: 'x' } } },
      'variable_type',
      'variables.name.example',
      undefined,
    ],
    [
      'MJML that is not closed',
      { html: same('<mjml><mj-body>\n<mj-section></mj-body></mjml>') },
      'template_invalid',
      'html.en',
      2,
    ],
  ] as const)('names %s', ([, rest, code, field, line]) => {
    const broken = templateOf({ variables: { name: { type: 'string' } }, ...rest })
    const first = checkTemplate(broken).find((problem) => problem.field === field)
    expect(first).toMatchObject({ code, field, ...(line === undefined ? {} : { line }) })
  })

  test('lets attributes, loop variables and what is declared pass', () => {
    const text = same(
      '{{ attributes.plan }} {{ link }} {% for i in list %}{{ i }}{% endfor %}{% assign a = 1 %}{{ a }}',
    )
    const good = templateOf({
      text,
      link: 'https://x.example/{{ id }}',
      variables: { list: { type: 'list' }, id: { type: 'string' } },
    })
    expect(checkTemplate(good)).toEqual([])
  })
})

describe('languages', () => {
  test('a language without words takes those of the first of the chain that has any', () => {
    const chained = templateOf({ text: { en: 'one', ru: 'два' }, fallback: ['ru', 'en'] })
    expect(renderTemplate(chained, 'uk', {})).toEqual({ text: 'два' })
    expect(renderTemplate(chained, 'en', {})).toEqual({ text: 'one' })
  })
})

describe('typed variables', () => {
  const typed = (missing: 'fail' | 'default', rest: object = {}) =>
    templateOf({
      text: same('{{ name }}|{{ price }}|{{ until | day }}|{{ gift }}'),
      missing,
      variables: {
        name: { type: 'string', default: 'friend' },
        price: { type: 'money' },
        until: { type: 'date' },
        gift: { type: 'string', required: false },
        ...rest,
      },
    })
  const given = { price: { amountMinor: '149990', currency: 'RUB' }, until: '2026-05-21' }

  test('money and dates are in the words of the language, in letters that an SMS has room for', () => {
    const all = { name: 'Ann', gift: 'x', ...given }
    expect(renderTemplate(typed('fail'), 'en', all).text).toBe('Ann|1,499.90 RUB|21 May|x')
    expect(renderTemplate(typed('fail'), 'ru', all).text).toBe('Ann|1 499,90 руб.|21 мая|x')
    expect(renderTemplate(typed('fail'), 'uk', all).text).toBe('Ann|1 499,90 руб.|21 травня|x')
  })

  test('an instant is a day of the subscriber’s own zone', () => {
    const late = { name: 'Ann', ...given, until: '2026-05-21T22:30:00Z' }
    expect(renderTemplate(typed('fail'), 'en', late, { timeZone: 'Europe/Kyiv' }).text).toContain('22 May')
    expect(renderTemplate(typed('fail'), 'en', late).text).toContain('21 May')
  })

  test('a missing one fails or takes its default as the template says; one that is not required is empty', () => {
    expect(renderTemplate(typed('default'), 'en', given).text).toBe('friend|1,499.90 RUB|21 May|')
    expect(() => renderTemplate(typed('fail'), 'en', given)).toThrow(/variable name is missing/)
    expect(() => renderTemplate(typed('default'), 'en', { until: '2026-05-21' })).toThrow(
      /variable price is missing/,
    )
  })

  test.for([
    ['money', { amountMinor: '1.5', currency: 'RUB' }],
    ['date', '21.05.2026'],
    ['url', 'javascript:alert(1)'],
    ['integer', 1.5],
    ['decimal', 'one'],
    ['list', 'a,b'],
  ])('what is no %s is refused', ([type, value]) => {
    const one = templateOf({ text: same('{{ x }}'), variables: { x: { type } } })
    const refusal = {
      code: 'template_failed',
      message: expect.stringContaining(`variable x is no ${type}`) as string,
    }
    expect(() => renderTemplate(one, 'en', { x: value })).toThrow(expect.objectContaining(refusal))
  })
})

describe('the other parts', () => {
  test('a link is made short once, in its own place and in the text', () => {
    const shortened: string[] = []
    const shorten = (url: string): string => {
      if (!url.startsWith('https://go.x/')) shortened.push(url)
      return url.startsWith('https://go.x/') ? url : `https://go.x/${shortened.length}`
    }
    const linked = templateOf({
      text: same('See {{ link }} or {{ other | short }} or {{ link | short }}'),
      link: 'https://shop.example/?id={{ id }}',
    })
    const content = renderTemplate(linked, 'en', { id: 7, other: 'https://b.example' }, { shorten })
    expect(content).toEqual({
      text: 'See https://go.x/1 or https://go.x/2 or https://go.x/1',
      link: 'https://go.x/1',
    })
    expect(shortened).toEqual(['https://shop.example/?id=7', 'https://b.example'])
  })

  test('an email: laid out once, then filled with escaped values', async () => {
    const email = templateOf({
      channel: 'email',
      text: same('Hi {{ name }}'),
      subject: same('{{ name }}!'),
      html: same(
        '<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ name }} {{ name | raw }}</mj-text>' +
          '<mj-button href="{{ unsubscribeUrl }}">Stop</mj-button></mj-column></mj-section></mj-body></mjml>',
      ),
      amp: same('<p>{{ name }}</p>'),
    })
    expect(() => renderTemplate(email, 'en', { name: 'x' })).toThrow(/not prepared/)
    await prepareTemplate(email)
    const content = renderTemplate(email, 'en', { name: '<b>&' }, { unsubscribeUrl: 'https://x.example/u/1' })
    expect(content).toMatchObject({ text: 'Hi <b>&', subject: '<b>&!', amp: '<p>&lt;b&gt;&amp;</p>' })
    expect(content.html).toContain('Hi &lt;b&gt;&amp; <b>&')
    expect(content.html).toContain('href="https://x.example/u/1"')
    expect(content.html).not.toContain('<mj-')
    expect(content.unsubscribeUrl).toBe('https://x.example/u/1')
  })

  test('MJML that cannot be laid out says where', async () => {
    const html = same('<mjml><mj-body>\n<mj-nothing></mj-nothing></mj-body></mjml>')
    await expect(prepareTemplate(templateOf({ html }))).rejects.toMatchObject({
      code: 'template_invalid',
      details: { problems: [{ line: 2 }] },
    })
  })

  test('a picture and an entry of the calendar, over the night in which clocks change', () => {
    const visit = templateOf({
      text: same('Visit'),
      media: { url: 'https://cdn.example/{{ picture }}.jpg', contentType: 'image/jpeg' },
      appointment: {
        uid: 'visit-{{ id }}@tenure',
        sequence: '{{ change }}',
        startsAt: '{{ at }}',
        duration: 'PT6H',
        timeZone: 'Europe/Kyiv',
        location: same('Office {{ id }}'),
      },
    })
    const content = renderTemplate(visit, 'en', { id: 4, change: 2, at: '2026-03-28T22:00', picture: 'a' })
    expect(content.media).toEqual({ url: 'https://cdn.example/a.jpg', contentType: 'image/jpeg' })
    const startsAtMs = Date.parse('2026-03-28T20:00:00Z')
    expect(content.appointment).toEqual({
      uid: 'visit-4@tenure',
      sequence: 2,
      method: 'request',
      startsAtMs,
      endsAtMs: startsAtMs + 6 * 3_600_000,
      timeZone: 'Europe/Kyiv',
      location: 'Office 4',
    })
    const bad = { id: 4, change: 2, at: 'soon', picture: 'a' }
    expect(() => renderTemplate(visit, 'en', bad)).toThrow(/startsAt is no moment/)
  })
})
