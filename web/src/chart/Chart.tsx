import { useComputedColorScheme } from '@mantine/core'
import { useElementSize, useReducedMotion } from '@mantine/hooks'
import type { EChartsCoreOption, EChartsType } from 'echarts/core'
import { useEffect, useRef, useState } from 'react'
import type { Scheme } from '../theme.ts'

/** What a picture needs to know to draw itself. */
export type Drawing = {
  width: number
  scheme: Scheme
  ink: string
  soft: string
  line: string
  panel: string
}

const INKS: Record<Scheme, Omit<Drawing, 'width'>> = {
  light: { scheme: 'light', ink: '#14171a', soft: '#59626c', line: '#e4e7ea', panel: '#ffffff' },
  dark: { scheme: 'dark', ink: '#eceef0', soft: '#9da6af', line: '#282d32', panel: '#15181b' },
}

type ChartProps = {
  /** What the picture shows, for those who do not see it; the figures themselves are in the table. */
  label: string
  height: number
  draw(drawing: Drawing): EChartsCoreOption
}

/** A picture by ECharts, which is loaded when the first one is shown. Its place keeps its height from the start. */
export function Chart({ label, height, draw }: ChartProps) {
  const { ref, width } = useElementSize()
  const holder = useRef<HTMLDivElement>(null)
  const [chart, setChart] = useState<EChartsType | null>(null)
  const scheme = useComputedColorScheme('light')
  const still = useReducedMotion()
  useEffect(() => {
    let made: EChartsType | undefined
    let gone = false
    const start = async (): Promise<void> => {
      const { init } = await import('./engine.ts')
      if (gone || !holder.current) return
      made = init(holder.current, null, { renderer: 'svg' })
      setChart(made)
    }
    void start()
    return () => {
      gone = true
      made?.dispose()
    }
  }, [])
  useEffect(() => {
    if (!chart || chart.isDisposed() || width === 0) return
    chart.resize({ width, height })
    chart.setOption(
      { animationDuration: 0, animationDurationUpdate: still ? 0 : 250, ...draw({ ...INKS[scheme], width }) },
      { replaceMerge: ['series'] },
    )
  }, [chart, draw, height, scheme, still, width])
  return (
    <div ref={ref} role="img" aria-label={label} style={{ height, minWidth: 0 }}>
      <div ref={holder} style={{ height }} aria-hidden />
    </div>
  )
}

/** Text and tooltip as the page has them. */
export const pageStyle = ({ ink, line, panel }: Drawing): EChartsCoreOption => ({
  textStyle: { fontFamily: "'Inter Variable', system-ui, sans-serif", color: ink },
  tooltip: {
    confine: true,
    backgroundColor: panel,
    borderColor: line,
    textStyle: { color: ink, fontSize: 13 },
    transitionDuration: 0,
  },
})
