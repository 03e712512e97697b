import type { ReactNode } from 'react'
import page from './page.module.css'

/** Stands where a page will stand, with the heights that it will have; `said` is for those who hear it. */
export function Waiting({ said, children }: { said: string; children: ReactNode }) {
  return (
    <div className={`${page.page} ${page.waiting}`} aria-busy>
      <span className="unseen" role="status">
        {said}
      </span>
      {children}
    </div>
  )
}
