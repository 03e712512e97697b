import { gameKinds } from './game-kinds.ts'
import { guardKinds } from './guard-kinds.ts'
import type { PartKind } from './kind.ts'
import { playKinds } from './play-kinds.ts'
import { termKinds } from './term-kinds.ts'

/** Kinds of documents that one editor serves; each is described by its fields. */
export const partKinds: readonly PartKind[] = [...playKinds, ...gameKinds, ...termKinds, ...guardKinds]

/** The kind of a name; undefined for one that has an editor of its own, or none. */
export const partKindOf = (name: string): PartKind | undefined => partKinds.find(({ kind }) => kind === name)
