import type { CSSProperties, ReactNode } from 'react'
import styles from './table.module.css'

export type Column = {
  id: string
  /** Words of the heading; on a phone they stand before each figure. */
  name: string
  /** Colour of the arm that the column is about. */
  colour?: string | undefined
}

export type Cell = {
  text: string
  /** A second, quieter figure. */
  note?: string | undefined
  /** Length of the cell's bar, 0 to 1; no bar when left out. */
  bar?: number | undefined
}

export type Line = {
  id: string
  name: ReactNode
  /** By column id. */
  cells: Readonly<Record<string, Cell | undefined>>
  /** A sum, or the answer: set off from the lines above. */
  strong?: boolean | undefined
  /** Colour of the arm that the line is about. */
  colour?: string | undefined
}

type FigureTableProps = {
  /** What the table holds, for those who hear it. */
  caption: string
  corner: string
  columns: readonly Column[]
  lines: readonly Line[]
  /** Figures with bars begin at the left, where the bars begin; plain figures line up at the right. */
  align: 'left' | 'right'
  /** Many short columns: they need more width to stand side by side, and stack in pairs where they do not. */
  dense?: boolean
  /** One or two short columns: they stand side by side on a phone too. */
  few?: boolean
}

const inColour = (colour: string | undefined): CSSProperties =>
  ({ '--arm': colour ?? 'var(--ink-soft)' }) as CSSProperties

/**
 * Lines by columns. On a narrow screen each line becomes a heading with its figures below, one a row, so that
 * nothing has to be pushed sideways. The roles are written out because browsers drop them with the layout.
 */
export function FigureTable({ caption, corner, columns, lines, align, dense, few }: FigureTableProps) {
  return (
    <table
      role="table"
      className={styles.table}
      data-align={align}
      data-dense={dense || undefined}
      data-few={few || undefined}
      aria-label={caption}
    >
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            {corner}
          </th>
          {columns.map(({ id, name, colour }) => (
            <th key={id} role="columnheader" scope="col" style={inColour(colour)}>
              <span className={styles.heading}>
                {colour && <span className="dot" aria-hidden />}
                {name}
              </span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {lines.map((line) => (
          <LineRow key={line.id} line={line} columns={columns} />
        ))}
      </tbody>
    </table>
  )
}

function LineRow({ line, columns }: { line: Line; columns: readonly Column[] }) {
  return (
    <tr role="row" data-strong={line.strong}>
      <th role="rowheader" scope="row" style={inColour(line.colour)}>
        <span className={styles.heading}>
          {line.colour && <span className="dot" aria-hidden />}
          {line.name}
        </span>
      </th>
      {columns.map((column) => (
        <CellBox key={column.id} column={column} cell={line.cells[column.id]} />
      ))}
    </tr>
  )
}

function CellBox({ column, cell }: { column: Column; cell: Cell | undefined }) {
  return (
    <td role="cell" style={inColour(column.colour)} data-empty={cell === undefined || undefined}>
      <span className={styles.phoneName} aria-hidden>
        {column.colour && <span className="dot" />}
        {column.name}
      </span>
      <span className={styles.figures}>
        <span>{cell?.text ?? '—'}</span>
        {cell?.note !== undefined && <span className={styles.note}>{cell.note}</span>}
      </span>
      {cell?.bar !== undefined && (
        <span className={styles.track} aria-hidden>
          <span className={styles.bar} style={{ width: `${cell.bar * 100}%` }} />
        </span>
      )}
    </td>
  )
}
