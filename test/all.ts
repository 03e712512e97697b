import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/**
 * What `npm test` runs: format, lint, types of the server and of the pages, then every test. The first step that
 * fails ends it. The last line counts tests as `N passed, N failed`, with `, N skipped` where some were left out.
 */
const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')
// The tools are scripts that ask the PATH for `node`: the project's own must be the first one there.
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }

type Step = { name: string; command: string; args: string[] }

const CHECKS: Step[] = [
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'lint', command: 'oxlint', args: ['--deny-warnings'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'types of web', command: 'tsc', args: ['--noEmit', '-p', 'web'] },
]

/** Runs a step with its output shown as it comes, and says in one line how it ended. */
function passes({ name, command, args }: Step): boolean {
  const startMs = performance.now()
  const { status, error } = spawnSync(join(bin, command), args, { cwd: root, env, stdio: 'inherit' })
  if (error) console.error(`${name} could not be started: ${error.message}`)
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  return status === 0
}

type Report = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/**
 * Counts from vitest's own report. A file that could not even be loaded has no tests and counts as one failure, and
 * so does a run that failed beside its tests (an error that nobody caught).
 */
function countLine(report: Report, passed: boolean): string {
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = Math.max(report.numFailedTests + unloaded.length, passed ? 0 : 1)
  const skipped = report.numPendingTests + report.numTodoTests
  const line = `${report.numPassedTests} passed, ${failed} failed`
  return skipped === 0 ? line : `${line}, ${skipped} skipped`
}

function runTests(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-result-'))
  const file = join(folder, 'vitest.json')
  try {
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const passed = passes({ name: 'tests', command: 'vitest', args })
    const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined
    console.log(report ? countLine(report, passed) : '0 passed, 1 failed')
    return passed
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// A failed check is the one failure that was seen: nothing after it was run.
const failed = CHECKS.find((step) => !passes(step))
if (failed) {
  console.log(`stopped at: ${failed.name}`)
  console.log('0 passed, 1 failed')
}
process.exitCode = failed === undefined && runTests() ? 0 : 1
