import dns from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Networks of special use (RFC 6890 and the IANA registries): none of them is a customer's receiver. */
const inside = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(network, prefix, 'ipv6')
}

/** Networks such as `10.20.0.0/16` that may be called although they are inside. Throws TypeError for anything else. */
export function networksOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [network = '', prefix] = cidr.split('/')
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(network, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return list
}

/** Whether an address may be called: one outside, or one of the allowed networks. */
export function isCallable(address: string, allowed: BlockList): boolean {
  if (isIP(address) === 0) return false
  // An IPv4 address in the form of IPv6 is compared as what it is.
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return allowed.check(address, family) || !inside.check(address, family)
}

/** A call to an inside address, refused before a connection is made. */
export class AddressForbidden extends Error {
  readonly code = 'address_forbidden'
}

/**
 * Looks a name up for a connection and gives only addresses that may be called. The address that was looked at is the
 * one that is connected to, so a name that changes its answer in between gains nothing.
 */
export function guardedLookup(allowed: BlockList): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 4)
      const callable = found.filter(({ address }) => isCallable(address, allowed))
      if (callable.length === 0) {
        return callback(new AddressForbidden(`${hostname} is an inside address`), '', 4)
      }
      if (options.all) return callback(null, callable)
      return callback(null, callable[0]!.address, callable[0]!.family)
    })
  }
}
