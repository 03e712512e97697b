import type { Format } from '../format/format.ts'
import { pageStyle, type Drawing } from './Chart.tsx'

/** How fast one thing went; seconds count back from the last look, which is 0. */
export type RateLine = {
  id: string
  name: string
  colour: string | undefined
  points: readonly (readonly [seconds: number, rate: number])[]
}

type RatesParts = {
  lines: readonly RateLine[]
  shownMs: number
  /** Between two words of the time axis. */
  everyS: number
  /** What the axis says at its end. */
  now: string
  drawing: Drawing
  format: Format
}

/** Rates of the last minutes as lines that move. A line of one point is that point. */
export function ratesPicture({ lines, shownMs, everyS, now, drawing, format }: RatesParts) {
  const axisLabel = { color: drawing.soft, fontSize: 12 }
  return {
    ...pageStyle(drawing),
    animation: false,
    tooltip: { ...(pageStyle(drawing)['tooltip'] as object), trigger: 'axis', order: 'valueDesc' },
    grid: { left: 52, right: 14, top: 10, bottom: 24 },
    xAxis: {
      type: 'value',
      min: -shownMs / 1_000,
      max: 0,
      interval: everyS,
      axisLabel: {
        ...axisLabel,
        formatter: (seconds: number) => (seconds === 0 ? now : format.seconds(seconds)),
      },
      axisLine: { lineStyle: { color: drawing.soft } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisPointer: { label: { show: false } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      splitNumber: 3,
      minInterval: 1,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...axisLabel, formatter: (rate: number) => format.short(rate) },
      splitLine: { lineStyle: { color: drawing.line } },
    },
    series: lines.map(({ id, name, colour, points }) => ({
      type: 'line',
      id,
      name,
      showSymbol: points.length === 1,
      symbolSize: 5,
      color: colour,
      lineStyle: { width: 1.8 },
      emphasis: { disabled: true },
      tooltip: { valueFormatter: (rate: unknown) => format.perSecond(Number(rate)) },
      data: points,
    })),
  }
}
