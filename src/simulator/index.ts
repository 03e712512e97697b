/**
 * The public surface. The simulator is a process of its own (`main.ts`); what stands here is what a test or a
 * benchmark needs to make a base and a world without starting one.
 */
export { type BaseRow, baseCsv, makeBase, maxSubscribers } from './base.ts'
export { readBase } from './base-file.ts'
export { type Behaviour, defaultBehaviour } from './behaviour.ts'
export { type CatalogueProduct, catalogue } from './catalogue.ts'
export { simulatorErrors } from './errors.ts'
export { FastSmsc, type FastSmscCounts } from './smsc/index.ts'
