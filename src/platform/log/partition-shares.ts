/**
 * Shares partitions 0 … `partitions` - 1 out among members as evenly as numbers allow, each keeping as many as it may
 * of those that it had. Pure and deterministic; the order of members does not matter.
 */
export function sharePartitions(had: Map<string, number[]>, partitions: number): Map<string, number[]> {
  const members = [...had.keys()].toSorted()
  const least = Math.floor(partitions / members.length)
  // So many members have one more than the others.
  let richer = partitions % members.length
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition))
  const shares = new Map<string, number[]>()
  for (const member of members) {
    const claimed = had.get(member)!.filter((partition) => free.has(partition))
    const size = claimed.length > least && richer > 0 ? least + 1 : least
    if (size > least) richer--
    const share = claimed.toSorted((a, b) => a - b).slice(0, size)
    for (const partition of share) free.delete(partition)
    shares.set(member, share)
  }
  const rest = [...free]
  for (const share of shares.values()) {
    while (share.length < least) share.push(rest.shift()!)
  }
  for (const share of shares.values()) {
    if (share.length === least && richer-- > 0) share.push(rest.shift()!)
    share.sort((a, b) => a - b)
  }
  return shares
}
