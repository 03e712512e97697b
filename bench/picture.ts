import { init } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { BenchResult, Curve, Figures } from './result.ts'

/**
 * Draws a benchmark's curves and its peers as one SVG of small panels. Colours are those of Okabe and Ito, which
 * colour-blind people tell apart; a style sheet in the file turns ink and paper over for readers in the dark.
 */
const PANEL = { width: 360, height: 250 }
const COLUMNS = 2
const TITLE_HEIGHT = 58

const ink = '#24292f'
const faint = '#57606a'
const rule = '#d0d7de'
const paper = '#ffffff'
const ours = '#0072b2'
const theirs = '#e69f00'

/** What each colour becomes in the dark. */
const inTheDark: Record<string, string> = {
  [ink]: '#e6edf3',
  [faint]: '#9198a1',
  [rule]: '#3d444d',
  [paper]: '#0d1117',
  [ours]: '#56b4e9',
}

type Bar = { name: string; value: number; isOurs: boolean }
/** A panel: points on a line, or bars side by side. */
type Panel = { title: string } & ({ curve: Curve } | { bars: Bar[] })

/** The picture as SVG text; undefined when the result has nothing to draw. */
export function pictureOf(result: BenchResult): string | undefined {
  const panels: Panel[] = [
    ...result.curves.map((curve) => ({ title: `${curve.y}, ${curve.name}`, curve })),
    ...peerPanels(result),
  ]
  if (panels.length === 0) return undefined
  const rows = Math.ceil(panels.length / COLUMNS)
  const width = PANEL.width * Math.min(COLUMNS, panels.length)
  const height = TITLE_HEIGHT + PANEL.height * rows
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption(optionOf(result, panels))
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg.replace(/<svg[^>]*>/, (head) => `${head}\n${styleSheet()}`)}\n`
}

/** Presentation attributes give way to any style sheet, so the drawing itself stays as it is. */
function styleSheet(): string {
  const rules = Object.entries(inTheDark).flatMap(([light, dark]) =>
    ['fill', 'stroke'].map((property) => `[${property}="${light}"]{${property}:${dark}}`),
  )
  return `<style>@media (prefers-color-scheme: dark){${rules.join('')}}</style>`
}

/**
 * One panel for each figure that every peer has. Ours stand beside it under the same name, or under one that ends
 * alike: `memoryEventsPerS` and `durableEventsPerS` beside a peer's `eventsPerS`.
 */
function peerPanels({ figures, peers }: BenchResult): Panel[] {
  const [first, ...others] = Object.values(peers)
  return Object.keys(first ?? {})
    .filter((name) => others.every((peer) => name in peer))
    .flatMap((name) => {
      const mine = oursLike(figures, name)
      if (mine.length === 0) return []
      const bars = [
        ...mine,
        ...Object.entries(peers).map(([peer, its]) => ({ name: peer, value: its[name]!, isOurs: false })),
      ]
      return [{ title: `${words(name)}, beside peers`, bars }]
    })
}

function oursLike(figures: Figures, name: string): Bar[] {
  const ending = name[0]!.toUpperCase() + name.slice(1)
  return Object.entries(figures)
    .filter(([figure]) => figure === name || figure.endsWith(ending))
    .map(([figure, value]) => ({
      name: `Tenure ${words(figure.slice(0, -name.length))}`.trim(),
      value,
      isOurs: true,
    }))
    .toSorted((a, b) => b.value - a.value)
}

/** `memoryEventsPerS` → `memory events/s`. */
function words(name: string): string {
  return name
    .replace(/PerS$/, '/s')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim()
}

function optionOf(result: BenchResult, panels: Panel[]): EChartsCoreOption {
  const left = (i: number): number => (i % COLUMNS) * PANEL.width
  const top = (i: number): number => TITLE_HEIGHT + Math.floor(i / COLUMNS) * PANEL.height
  const text = (title: string, x: number, y: number, fontSize: number, color: string): object => ({
    text: title,
    left: x,
    top: y,
    padding: 0,
    textStyle: { fontSize, fontWeight: fontSize > 12 ? 'bold' : 'normal', color },
  })
  const drawn = panels.map((panel, i) => partsOf(panel, i))
  return {
    animation: false,
    backgroundColor: paper,
    textStyle: { fontFamily: 'system-ui, -apple-system, Segoe UI, sans-serif', color: ink },
    title: [
      text(result.bench, 16, 12, 16, ink),
      text(result.machine, 16, 34, 11, faint),
      ...panels.map((panel, i) => text(panel.title, left(i) + 16, top(i) + 8, 12, ink)),
    ],
    grid: panels.map((panel, i) => {
      const margin = 'bars' in panel ? 130 : 56
      return {
        left: left(i) + margin,
        top: top(i) + 42,
        width: PANEL.width - margin - 64,
        height: PANEL.height - 96,
      }
    }),
    xAxis: drawn.map(({ xAxis }) => xAxis),
    yAxis: drawn.map(({ yAxis }) => yAxis),
    series: drawn.map(({ series }) => series),
  }
}

type Parts = { xAxis: object; yAxis: object; series: object }

function partsOf(panel: Panel, i: number): Parts {
  return 'bars' in panel ? barParts(panel.bars, i) : curveParts(panel.curve, i)
}

const axisLabel = { color: faint, fontSize: 10, formatter: short }
const splitLine = { lineStyle: { color: rule } }
const axisLine = { lineStyle: { color: faint } }

/** Values of x stand side by side, each with its number: four points are a list, not a scale. */
function curveParts({ x, points }: Curve, gridIndex: number): Parts {
  const sorted = points.toSorted((a, b) => a[0] - b[0])
  return {
    xAxis: {
      gridIndex,
      type: 'category',
      data: sorted.map(([value]) => short(value)),
      name: x,
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: { color: faint, fontSize: 10 },
      axisLabel: { color: faint, fontSize: 10 },
      axisTick: { show: false },
      axisLine,
    },
    yAxis: { gridIndex, type: 'value', min: 0, splitNumber: 4, axisLabel, splitLine },
    series: {
      type: 'line',
      xAxisIndex: gridIndex,
      yAxisIndex: gridIndex,
      data: sorted.map(([, value]) => value),
      color: ours,
      lineStyle: { width: 2, color: ours },
      symbol: 'circle',
      symbolSize: 7,
      label: { ...numberLabel('top'), formatter: labelText },
    },
  }
}

/** Bars from left to right; a logarithmic scale when the largest is more than thirty times the smallest. */
function barParts(bars: Bar[], gridIndex: number): Parts {
  const values = bars.map(({ value }) => value).filter((value) => value > 0)
  const isWide = Math.max(...values) > 30 * Math.min(...values)
  const floor = 10 ** Math.floor(Math.log10(Math.min(...values)))
  return {
    xAxis: {
      gridIndex,
      ...(isWide ? { type: 'log', min: floor, name: 'logarithmic scale' } : { type: 'value', min: 0 }),
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: { color: faint, fontSize: 10 },
      axisLabel,
      splitLine,
      splitNumber: 3,
    },
    yAxis: {
      gridIndex,
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLabel: { color: ink, fontSize: 11 },
      axisTick: { show: false },
      axisLine,
    },
    series: {
      type: 'bar',
      xAxisIndex: gridIndex,
      yAxisIndex: gridIndex,
      barMaxWidth: 18,
      data: bars.map(({ value, isOurs }) => ({ value, itemStyle: { color: isOurs ? ours : theirs } })),
      label: { ...numberLabel('right'), formatter: labelText },
    },
  }
}

function numberLabel(position: string): object {
  return { show: true, position, color: ink, fontSize: 11, textBorderColor: paper, textBorderWidth: 3 }
}

function labelText({ value }: { value: unknown }): string {
  return short(Number(value))
}

/** Three significant digits: 2.31 M, 718 k, 0.4. */
function short(value: number): string {
  for (const [size, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))} ${letter}`
  }
  return String(Number(value.toPrecision(3)))
}
