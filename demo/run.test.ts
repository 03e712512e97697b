import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('the demo plays a small operator to the end, prints the report and ends with code 0', async () => {
  const args = [
    join(import.meta.dirname, 'run.ts'),
    '--subscribers',
    '1500',
    '--days',
    '4',
    '--lang',
    'en',
    '--exit',
  ]
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 24 })
  expect(stdout).toMatch(/1\s500 inserted, 0 updated, 0 rejected/)
  const row = (name: string): number[] => {
    const line = stdout.split('\n').find((text) => text.trim().startsWith(name)) ?? ''
    return line
      .trim()
      .split(/ {2,}/)
      .slice(1)
      .map((text) => Number(text.replace(/\D/g, '')))
  }
  expect(row('Enrolled').every((count) => count > 0)).toBe(true)
  expect(row('Enrolled')).toHaveLength(4)
  const contacted = row('Contacted')
  expect(contacted.slice(0, 2).every((count) => count > 0)).toBe(true)
  expect(contacted.at(-1)).toBe(0)
}, 180_000)
