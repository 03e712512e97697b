/** Cells of one line of a table; a line with a single cell is a heading. */
export type Line = readonly string[]

/** Aligns lines: the first column to the left, all others to the right, as wide as their widest cell. */
export function renderTable(lines: readonly Line[]): string[] {
  const widths: number[] = []
  for (const line of lines) {
    if (line.length === 1) continue
    line.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, width(cell))
    })
  }
  return lines.map((line) =>
    line
      .map((cell, i) => {
        const gap = ' '.repeat(Math.max(0, (line.length === 1 ? 0 : widths[i]!) - width(cell)))
        return i === 0 ? cell + gap : gap + cell
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Characters as a terminal counts them; none of the report's languages has wide ones. */
const width = (text: string): number => [...text].length
