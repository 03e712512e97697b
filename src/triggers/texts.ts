import type { CelType } from '../expressions/index.ts'

/**
 * Field values as numbers, for entries whose conditions between events need the values themselves and not only whether
 * they are equal. Texts are numbered as they come; the list is part of every checkpoint, and only grows.
 */
export class Texts {
  readonly list: string[]
  readonly #codes: Map<string, number>

  constructor(list: string[] = []) {
    this.list = [...list]
    this.#codes = new Map(this.list.map((text, code) => [text, code]))
  }

  /** NaN stands for a missing value and for one that is no scalar. */
  encode(value: unknown): number {
    if (typeof value === 'number') return value
    if (typeof value === 'boolean') return value ? 1 : 0
    if (typeof value !== 'string') return Number.NaN
    let code = this.#codes.get(value)
    if (code === undefined) {
      code = this.list.push(value) - 1
      this.#codes.set(value, code)
    }
    return code
  }

  decode(code: number, type: CelType): string | number | boolean | undefined {
    if (Number.isNaN(code)) return undefined
    if (type === 'string') return this.list[code]
    return type === 'bool' ? code === 1 : code
  }
}
