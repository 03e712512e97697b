#!/usr/bin/env node
// Any Node may start this file; the command itself runs on the project's own Node, which reads TypeScript.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The package `node` keeps its binary in `bin/`; the running Node serves where that package is not installed. */
function ownNode() {
  const require = createRequire(join(root, 'package.json'))
  try {
    const folder = dirname(require.resolve('node/package.json'))
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    if (existsSync(binary)) return binary
  } catch {
    // Not installed; the check of the version below decides.
  }
  if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath
  process.stderr.write('tenure: Node 26 is needed; run "npm ci" in the project\n')
  process.exit(1)
}

const child = spawn(ownNode(), [join(root, 'cli', 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  process.on(signal, () => child.kill(signal))
}
child.on('error', (error) => {
  process.stderr.write(`tenure: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  // The parent ends as its child did, so that a shell sees the same.
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
