import type { ReactNode } from 'react'
import page from './page.module.css'

/** How a state is to be taken: as it should be, less than it should be, wrong, on its way, or of no moment. */
export type Tone = 'good' | 'slow' | 'alarm' | 'under-way' | 'quiet'

/** A state as a mark and a word; without a tone the mark is an empty ring. */
export function State({ tone, children }: { tone: Tone | undefined; children: ReactNode }) {
  return (
    <span className={page.state} data-tone={tone}>
      {children}
    </span>
  )
}
