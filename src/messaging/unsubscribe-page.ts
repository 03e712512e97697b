import type { Language } from './template-contract.ts'

/** One purpose that can be ticked off. */
export type PurposeChoice = { purpose: string; isOn: boolean }

const words = {
  en: {
    title: 'Unsubscribe',
    ask: 'What do you no longer want to hear from us?',
    everywhere: 'In every channel, and not only in this one',
    button: 'Unsubscribe',
    done: 'Done. You will get no more such messages.',
    unknown: 'This link is not valid.',
    purposes: {
      marketing: 'Offers and news',
      personalisation: 'Offers chosen for me',
      service: 'News about my services',
    },
  },
  ru: {
    title: 'Отказ от сообщений',
    ask: 'Что вы больше не хотите получать?',
    everywhere: 'Во всех каналах, а не только в этом',
    button: 'Отказаться',
    done: 'Готово. Таких сообщений больше не будет.',
    unknown: 'Ссылка недействительна.',
    purposes: {
      marketing: 'Предложения и новости',
      personalisation: 'Предложения для меня лично',
      service: 'Новости о моих услугах',
    },
  },
  uk: {
    title: 'Відмова від повідомлень',
    ask: 'Чого ви більше не хочете отримувати?',
    everywhere: 'У всіх каналах, а не лише в цьому',
    button: 'Відмовитися',
    done: 'Готово. Таких повідомлень більше не буде.',
    unknown: 'Посилання недійсне.',
    purposes: {
      marketing: 'Пропозиції та новини',
      personalisation: 'Пропозиції саме для мене',
      service: 'Новини про мої послуги',
    },
  },
} as const

/** The page behind an unsubscribe link: what can be refused, and one button. Without scripts, for every browser. */
export function unsubscribePage(language: Language, choices: PurposeChoice[]): string {
  const { title, ask, everywhere, button } = words[language]
  const rows = choices.map(({ purpose, isOn }) => {
    const box = `<input type="checkbox" name="purpose" value="${purpose}"${isOn ? ' checked' : ''}>`
    return `<label>${box} ${purposeName(language, purpose)}</label>`
  })
  const all = `<label><input type="checkbox" name="everywhere" value="1"> ${everywhere}</label>`
  const form = `<form method="post"><p>${ask}</p>${rows.join('')}<hr>${all}<button>${button}</button></form>`
  return pageOf(language, title, form)
}

/** What is shown when it is done. */
export function unsubscribedPage(language: Language): string {
  return pageOf(language, words[language].title, `<p role="status">${words[language].done}</p>`)
}

/** What is shown for a link that we did not make, in three languages, because nobody knows whose it is. */
export function unknownLinkPage(): string {
  const lines = (['en', 'ru', 'uk'] as const).map(
    (language) => `<p lang="${language}">${words[language].unknown}</p>`,
  )
  return pageOf('en', words.en.title, lines.join(''))
}

/** What a subscriber reads for a purpose. One of the tenant's own has no translation: its name is shown, which is letters, digits and hyphens. */
export function purposeName(language: Language, purpose: string): string {
  const names: Record<string, string> = words[language].purposes
  return names[purpose] ?? purpose
}

function pageOf(language: Language, title: string, body: string): string {
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<style>:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem}
label{display:block;padding:.4rem 0}button{font:inherit;padding:.7rem 1.4rem;margin-top:1rem;cursor:pointer}</style></head>
<body><main><h1>${title}</h1>${body}</main></body></html>`
}
