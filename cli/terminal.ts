/** Where a command writes and what it reads from its surroundings; tests give their own. */
export type Terminal = {
  out(text: string): void
  err(text: string): void
  /** Whether a person watches stderr: only then a progress bar is drawn. */
  isWatched: boolean
  env: Record<string, string | undefined>
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    isWatched: Boolean(process.stderr.isTTY),
    env: process.env,
  }
}

/** 1234567.8 as `1 234 567.8`, with thin spaces between groups of three. */
export function withThinSpaces(digits: string): string {
  const [whole = '', fraction] = digits.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u2009')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}
