import { useRef, useState, type PointerEvent, type RefObject } from 'react'
import { placeAt } from './draft.ts'

type Dragging = {
  /** The list whose items are moved. */
  list: RefObject<HTMLOListElement | null>
  /** The item that is held, and where it would go. */
  from: number | null
  to: number | null
  /** What the handle of an item listens to. */
  grip(index: number): object
}

/** Moves an item of a list by its handle, with a mouse or a finger. Keys have buttons of their own. */
export function useDragging(move: (from: number, to: number) => void): Dragging {
  const list = useRef<HTMLOListElement>(null)
  const [held, setHeld] = useState<{ from: number; to: number } | null>(null)
  const placeOf = (event: PointerEvent, from: number): number => {
    const others = [...(list.current?.children ?? [])].filter((_, index) => index !== from)
    const middles = others.map((item) => {
      const { top, height } = item.getBoundingClientRect()
      return top + height / 2
    })
    return placeAt(middles, event.clientY)
  }
  return {
    list,
    from: held?.from ?? null,
    to: held !== null && held.to !== held.from ? held.to : null,
    grip: (index) => ({
      onPointerDown: (event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setHeld({ from: index, to: index })
      },
      onPointerMove: (event: PointerEvent) => {
        if (held?.from === index) setHeld({ from: index, to: placeOf(event, index) })
      },
      onPointerUp: (event: PointerEvent) => {
        if (held?.from === index) move(index, placeOf(event, index))
        setHeld(null)
      },
      onPointerCancel: () => setHeld(null),
    }),
  }
}
