import { type ArmReport, type CampaignReport, reportPath } from '../src/insights/contract.ts'
import type { Client } from './client.ts'
import { type Line, renderTable } from './table.ts'
import { type Terminal, withThinSpaces } from './terminal.ts'
import { type Language, type Word, wordsOf } from './words.ts'

/** Prints a campaign's report, one column an arm, or the answer as it is. */
export async function printReport(
  client: Client,
  terminal: Terminal,
  campaignId: string,
  options: { language: Language; json: boolean },
): Promise<number> {
  const report = await client.get<CampaignReport>(reportPath(campaignId))
  if (options.json) terminal.out(JSON.stringify(report, null, 2))
  else for (const line of reportLines(report, options.language)) terminal.out(line)
  return 0
}

/** The report as lines of text. */
export function reportLines(report: CampaignReport, language: Language): string[] {
  const word = wordsOf(language)
  const { totals } = report
  const taken = (['subscribers', 'events', 'firings', 'messages', 'activations'] as const)
    .map((name) => `${count(totals[name])} ${word(name)}`)
    .join(', ')
  const day = (moment: string): string =>
    Temporal.Instant.from(moment).toZonedDateTimeISO(report.timeZone).toPlainDate().toString()
  const from = report.from === null ? '…' : day(report.from)
  const lines = new ReportTable(report, language).lines()
  return [
    `${word('campaign')}: ${report.name[language]} (${report.campaignId}, ${word('version')} ${report.version})`,
    `${word('period')}: ${from} – ${day(report.asOf)} (${report.timeZone})`,
    `${word('totals')}: ${taken}`,
    '',
    ...renderTable(lines),
  ]
}

class ReportTable {
  readonly #report: CampaignReport
  readonly #language: Language
  readonly #word: (word: Word) => string
  readonly #lines: Line[] = []

  constructor(report: CampaignReport, language: Language) {
    this.#report = report
    this.#language = language
    this.#word = wordsOf(language)
  }

  lines(): Line[] {
    const { arms } = this.#report
    const names = arms.map((arm) => arm.name[this.#language])
    this.#lines.push(['', ...names])
    if (arms.some((arm) => arm.isControl)) {
      this.#lines.push(['', ...arms.map((arm) => (arm.isControl ? `(${this.#word('control')})` : ''))])
    }
    this.#reach()
    this.#channels()
    this.#packages()
    this.#money()
    this.#refusals()
    return this.#lines
  }

  #heading(word: Word): void {
    this.#lines.push([''], [this.#word(word)])
  }

  #row(label: string, value: (arm: ArmReport) => string): void {
    this.#lines.push([`  ${label}`, ...this.#report.arms.map(value)])
  }

  #reach(): void {
    this.#heading('reach')
    const rows = ['enrolled', 'entered', 'contacted', 'delivered', 'answered', 'activated'] as const
    for (const name of rows) this.#row(this.#word(name), (arm) => count(arm[name]))
  }

  #channels(): void {
    const names = distinct(this.#report.arms.flatMap((arm) => arm.channels.map((one) => one.channel)))
    if (names.length === 0) return
    this.#heading('channels')
    const counts = [
      ['submitted', 'submitted'],
      ['delivered', 'deliveredBy'],
      ['failed', 'failed'],
      ['unknown', 'unknown'],
      ['held', 'held'],
      ['answered', 'answeredBy'],
    ] as const
    for (const name of names) {
      const of = (arm: ArmReport) => arm.channels.find((one) => one.channel === name)
      for (const [figure, word] of counts) {
        if (!this.#report.arms.some((arm) => (of(arm)?.[figure] ?? 0) > 0)) continue
        this.#row(`${name} ${this.#word(word)}`, (arm) => count(of(arm)?.[figure] ?? 0))
      }
      this.#row(`${name} ${this.#word('cost')}`, (arm) => this.#money2(of(arm)?.costMinor ?? '0'))
    }
  }

  #packages(): void {
    const { arms } = this.#report
    const names = distinct(arms.flatMap((arm) => arm.products.map((one) => one.productId)))
    if (names.length > 0) this.#heading('packages')
    for (const id of names) {
      const of = (arm: ArmReport) => arm.products.find((one) => one.productId === id)
      const title =
        arms.map((arm) => of(arm)?.name).find((name) => name !== undefined)?.[this.#language] ?? id
      this.#row(title, (arm) => count(of(arm)?.activated ?? 0))
      this.#row(`  ${this.#word('onCredit')}`, (arm) => count(of(arm)?.onCredit ?? 0))
    }
    this.#heading('sales')
    this.#row(this.#word('salesTotal'), (arm) => count(arm.salesTotal))
    this.#row(this.#word('salesOnCredit'), (arm) => count(arm.salesOnCredit))
  }

  #money(): void {
    this.#heading('money')
    this.#lines[this.#lines.length - 1] = [`${this.#word('money')}, ${this.#report.currency}`]
    const rows = [
      ['packageRevenue', 'packageRevenueMinor'],
      ['payAsYouGoRevenue', 'payAsYouGoRevenueMinor'],
      ['trustPaymentFees', 'trustPaymentFeesMinor'],
      ['overduePrincipal', 'overduePrincipalMinor'],
      ['messageCost', 'messageCostMinor'],
      ['cascadeSaved', 'cascadeSavedMinor'],
      ['margin', 'marginMinor'],
    ] as const
    for (const [word, figure] of rows) this.#row(this.#word(word), (arm) => this.#money2(arm[figure]))
    this.#row(this.#word('perSubscriber'), (arm) => this.#average(arm.marginPerSubscriberMinor))
    this.#row(this.#word('points'), (arm) => withThinSpaces(arm.pointsAwarded))
    this.#heading('againstControl')
    this.#row(this.#word('margin'), (arm) => this.#estimate(arm.margin))
    this.#row(this.#word('revenueAgainstControl'), (arm) => this.#estimate(arm.packageRevenue))
  }

  #refusals(): void {
    const { refusals } = this.#report
    if (refusals.length === 0) return
    this.#heading('refusals')
    for (const reason of distinct(refusals.map((one) => one.reason))) {
      this.#row(this.#word(reason), (arm) => {
        const found = refusals.find((one) => one.reason === reason && one.armId === arm.armId)
        return found ? `${count(found.subscribers)} (${(found.share * 100).toFixed(1)} %)` : '–'
      })
    }
  }

  #money2(amountMinor: string): string {
    return moneyText(amountMinor, this.#report.currencyDecimals)
  }

  /** An average is a statistic, not an amount: it may be a fraction of the minor unit. */
  #average(valueMinor: number): string {
    const text = Math.abs(valueMinor / 10 ** this.#report.currencyDecimals).toFixed(2)
    return `${valueMinor < 0 && Number(text) !== 0 ? '−' : ''}${withThinSpaces(text)}`
  }

  #estimate(estimate: ArmReport['margin']): string {
    if (!estimate) return '–'
    const { perSubscriberMinor, lowMinor, highMinor } = estimate
    const sign = perSubscriberMinor > 0 ? '+' : ''
    return `${sign}${this.#average(perSubscriberMinor)} [${this.#average(lowMinor)}; ${this.#average(highMinor)}]`
  }
}

const count = (value: number): string => withThinSpaces(String(value))

const distinct = <T>(values: T[]): T[] => [...new Set(values)]

/** Minor units (a text of digits) as a decimal amount: digits are moved, nothing is computed. */
export function moneyText(amountMinor: string, decimals: number): string {
  const isNegative = amountMinor.startsWith('-')
  const digits = amountMinor.replace('-', '').padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = decimals === 0 ? '' : `.${digits.slice(-decimals)}`
  return `${isNegative ? '−' : ''}${withThinSpaces(whole)}${fraction}`
}
