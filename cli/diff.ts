/** Unchanged lines that are shown around a change. */
const CONTEXT = 2

/**
 * Lines of two texts with `-`, `+` or a blank before them, long unchanged stretches left out. The longest common
 * subsequence by dynamic programming: documents are short.
 */
export function diffLines(from: string, to: string): string[] {
  const a = from === '' ? [] : from.trimEnd().split('\n')
  const b = to === '' ? [] : to.trimEnd().split('\n')
  const common = commonLengths(a, b)
  const lines: string[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i++]}`)
      j++
    } else if (j >= b.length || (i < a.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push(`- ${a[i++]}`)
    } else lines.push(`+ ${b[j++]}`)
  }
  const isNear = (at: number): boolean =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some((line) => !line.startsWith(' '))
  return lines.filter((_line, at) => isNear(at))
}

/** Length of the longest common subsequence of a[i…] and b[j…]. */
function commonLengths(a: string[], b: string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i]!
      row[j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, row[j + 1]!)
    }
  }
  return lengths
}
