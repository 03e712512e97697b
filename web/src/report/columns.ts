import type { ArmReport } from '../../../src/insights/contract.ts'
import type { Format } from '../format/format.ts'
import type { Cell, Column } from './FigureTable.tsx'

/** What every part of the report is given: the arms in their order, and the colour of each. */
export type ArmsProps = { arms: readonly ArmReport[]; colours: ReadonlyMap<string, string> }

/** A column an arm. */
export const armColumns = ({ arms, colours }: ArmsProps, format: Format): Column[] =>
  arms.map(({ armId, name }) => ({ id: armId, name: format.name(name), colour: colours.get(armId) }))

/** A cell for each arm, by the arm's id. */
export const armCells = (
  arms: readonly ArmReport[],
  cell: (arm: ArmReport) => Cell | undefined,
): Record<string, Cell | undefined> => Object.fromEntries(arms.map((arm) => [arm.armId, cell(arm)]))
