import { parseArgs } from 'node:util'

import { DomainError } from '../platform/index.ts'

/** What the process was asked to do; moments in epoch ms. */
export type Options = {
  serverUrl: string
  key: string
  dstkCallbackPath: string
  subscribers: number
  seed: string
  startMs: number
  endMs: number
  port: number
  smppPort: number
  base: { csvPath: string; mapPath: string } | undefined
  writeBase: string | undefined
  journal: string | undefined
  stepS: number | undefined
}

/** Reads the command line. Throws `option_invalid` with the option's name. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      server: { type: 'string' },
      key: { type: 'string' },
      'dstk-callback': { type: 'string' },
      subscribers: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string' },
      days: { type: 'string', default: '30' },
      port: { type: 'string', default: '0' },
      'smpp-port': { type: 'string', default: '0' },
      base: { type: 'string' },
      map: { type: 'string' },
      'write-base': { type: 'string' },
      journal: { type: 'string' },
      step: { type: 'string' },
    },
  })
  const required = (name: 'server' | 'key' | 'dstk-callback' | 'from'): string => {
    const value = values[name]
    if (value === undefined) throw invalid(name, value, 'a value')
    return value
  }
  const startMs = Date.parse(required('from'))
  if (Number.isNaN(startMs)) throw invalid('from', values.from, 'a moment in ISO 8601')
  if ((values.base === undefined) !== (values.map === undefined)) {
    throw invalid('base', values.base, '--base and --map together')
  }
  const days = number('days', values.days, 1 / 1440, 3660)
  return {
    serverUrl: required('server'),
    key: required('key'),
    dstkCallbackPath: required('dstk-callback'),
    subscribers: number('subscribers', values.subscribers, 1, 10_000_000),
    seed: values.seed,
    startMs,
    endMs: Math.round(startMs + days * 86_400_000),
    port: number('port', values.port, 0, 65_535),
    smppPort: number('smpp-port', values['smpp-port'], 0, 65_535),
    base: values.base && values.map ? { csvPath: values.base, mapPath: values.map } : undefined,
    writeBase: values['write-base'],
    journal: values.journal,
    stepS: values.step === undefined ? undefined : number('step', values.step, 1, 86_400),
  }
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw invalid(name, text, `a number from ${least} to ${most}`)
}

function invalid(name: string, found: unknown, expected: string): DomainError {
  return new DomainError('option_invalid', `--${name} is missing or wrong.`, { field: name, found, expected })
}
