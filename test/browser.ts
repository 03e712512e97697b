import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { chromium, type Browser, type LaunchOptions } from 'playwright-core'

/** Works for root and in containers; no graphics card, no traffic of the browser's own. */
const QUIET_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const INSTALLED_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Path of a Chromium that the machine has, or undefined. `TENURE_BROWSER` names one; `none` asks for ours. */
function installedBrowser(): string | undefined {
  const named = process.env['TENURE_BROWSER']
  if (named === 'none') return undefined
  if (named) return named
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
  const candidates = folders.flatMap((folder) => INSTALLED_NAMES.map((name) => join(folder, name)))
  candidates.push('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome')
  return candidates.find((path) => existsSync(path))
}

/**
 * Unpacks the Chromium of `@sparticuz/chromium`, once a version and machine, and says how to start it.
 *
 * The package is made for Amazon Linux: it unpacks the shared libraries that a bare system lacks (NSS, NSPR,
 * Expat) only where it believes to be there, and always into the folder for temporary files. Both are said to
 * it through the environment of a child process, so that this process's environment stays as it is. The folder
 * is renamed when complete, because several test files may ask for it at once.
 */
async function packagedBrowser(): Promise<LaunchOptions> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const root = dirname(dirname(dirname(entry)))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const folder = join(tmpdir(), `tenure-chromium-${version}`)
  if (!existsSync(folder)) {
    const draft = `${folder}.${process.pid}`
    mkdirSync(draft, { recursive: true })
    const program = `const { default: chromium } = await import(${JSON.stringify(pathToFileURL(join(root, 'build/esm/index.js')).href)}); await chromium.executablePath()`
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...process.env, TMPDIR: draft, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
    })
    writeFileSync(join(draft, 'fonts.conf'), fontsConfig(join(folder, 'fonts')))
    try {
      renameSync(draft, folder)
    } catch {
      // Another process was faster; its folder is as good as ours.
      rmSync(draft, { recursive: true, force: true })
    }
  }
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  }
}

function fontsConfig(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}</dir><cachedir>${folder}/cache</cachedir></fontconfig>
`
}

/** A headless Chromium: the machine's own, else the one that comes with `npm ci`. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const path = installedBrowser()
  const found: LaunchOptions = path ? { executablePath: path } : await packagedBrowser()
  return chromium.launch({ ...found, headless: true, args: QUIET_ARGS })
}
