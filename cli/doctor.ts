import type { WhoAmI } from '../src/access/contract.ts'
import { Client } from './client.ts'
import { CliError } from './errors.ts'
import type { Terminal } from './terminal.ts'

/** Checks what commands need: Node, the address, the key, the server's version. Exit code 1 when one is missing. */
export async function doctor(
  terminal: Terminal,
  settings: { url: string; key: string | undefined; version: string },
): Promise<number> {
  let isWell = true
  const check = (isGood: boolean, name: string, text: string): void => {
    isWell &&= isGood
    terminal.out(`${isGood ? '✓' : '✗'} ${name}: ${text}`)
  }
  check(Number(process.versions.node.split('.')[0]) >= 26, 'Node', process.versions.node)
  check(URL.canParse(settings.url), 'address', settings.url)
  if (settings.key === undefined) {
    check(false, 'key', 'not given: set TENURE_API_KEY or use --key')
    return 1
  }
  try {
    const who = await new Client(settings.url, settings.key).get<WhoAmI>('/v1/tenant')
    check(true, 'connection', settings.url)
    check(true, 'key', `role ${who.role}, tenant ${who.tenant.tenantId} (${who.tenant.name})`)
    const isSame = who.version === settings.version
    check(isSame, 'version', isSame ? who.version : `server ${who.version}, this command ${settings.version}`)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    check(false, 'connection', error.message)
  }
  return isWell ? 0 : 1
}
