import type { Format } from '../format/format.ts'
import { pageStyle, type Drawing } from './Chart.tsx'

type BarsParts = {
  /** What the bars stand for, in order. */
  names: readonly string[]
  series: readonly { id: string; name: string; colour: string; values: readonly number[] }[]
  drawing: Drawing
  format: Format
}

/** Whole figures as bars from zero, side by side where there are several. */
export function barsPicture({ names, series, drawing, format }: BarsParts) {
  const axisLabel = { color: drawing.soft, fontSize: 12 }
  return {
    ...pageStyle(drawing),
    tooltip: {
      ...(pageStyle(drawing)['tooltip'] as object),
      trigger: 'axis',
      axisPointer: { type: 'none' },
    },
    grid: { left: 48, right: 8, top: 10, bottom: 26 },
    xAxis: {
      type: 'category',
      data: names,
      axisLabel: { ...axisLabel, hideOverlap: true },
      axisLine: { lineStyle: { color: drawing.soft } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      minInterval: 1,
      splitNumber: 4,
      axisLabel: { ...axisLabel, formatter: (value: number) => format.short(value) },
      splitLine: { lineStyle: { color: drawing.line } },
    },
    series: series.map(({ id, name, colour, values }) => ({
      type: 'bar',
      id,
      name,
      color: colour,
      barMaxWidth: 44,
      barCategoryGap: '22%',
      barGap: '8%',
      emphasis: { disabled: true },
      tooltip: { valueFormatter: (value: unknown) => format.count(Number(value)) },
      data: values,
    })),
  }
}
