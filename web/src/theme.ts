import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

/** Structure is grey; this one accent is for what can be pressed and for focus. */
const accent: MantineColorsTuple = [
  '#eef1fb',
  '#d9dff3',
  '#b2bde8',
  '#8999dd',
  '#677bd4',
  '#5168cf',
  '#455ecd',
  '#364eb5',
  '#2e45a3',
  '#233a90',
]

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  colors: { accent },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  defaultRadius: 'sm',
  focusRing: 'auto',
  cursorType: 'pointer',
  respectReducedMotion: true,
})

/** The greys of both schemes; the page's own styles use these names and nothing else. */
export const greys: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--ground': '#f7f8f9',
    '--panel': '#ffffff',
    '--line': '#e4e7ea',
    '--track': '#eef0f2',
    '--ink': '#14171a',
    '--ink-soft': '#59626c',
    '--alarm': '#b84300',
    '--mantine-color-error': '#b84300',
    '--fine': '#0b7d3e',
    '--mark': '#ffe3cc',
    '--mantine-color-text': '#14171a',
    '--mantine-color-dimmed': '#59626c',
  },
  dark: {
    '--mantine-color-body': '#0e1012',
    '--ground': '#0e1012',
    '--panel': '#15181b',
    '--line': '#282d32',
    '--track': '#22272b',
    '--ink': '#eceef0',
    '--ink-soft': '#9da6af',
    '--alarm': '#f08a45',
    '--mantine-color-error': '#f08a45',
    '--fine': '#35c277',
    '--mark': '#5a3416',
    '--mantine-color-text': '#eceef0',
    '--mantine-color-dimmed': '#9da6af',
  },
})

/** Okabe–Ito colours that keep 3 : 1 on both grounds, for the arms in their order; control is always grey. */
const ARM_COLOURS = {
  light: ['#d55e00', '#0072b2', '#009e73', '#b8578f', '#8a6d00', '#2f8fc9'],
  dark: ['#e8701a', '#3d9bd6', '#12b386', '#cc79a7', '#e69f00', '#56b4e9'],
} as const
const CONTROL_COLOUR = { light: '#7a828b', dark: '#8f98a1' } as const

export type Scheme = 'light' | 'dark'

/** The colour of the `index`-th of a picture's lines; grey for the rest of them, which has no place of its own. */
export function seriesColour(scheme: Scheme, index: number | null): string {
  const colours = ARM_COLOURS[scheme]
  return (index === null ? undefined : colours[index % colours.length]) ?? CONTROL_COLOUR[scheme]
}

/** The colour of each arm by its id. */
export function armColours(
  arms: readonly { armId: string; isControl: boolean }[],
  scheme: Scheme,
): ReadonlyMap<string, string> {
  const colours = ARM_COLOURS[scheme]
  let next = 0
  return new Map(
    arms.map(({ armId, isControl }) => [
      armId,
      isControl ? CONTROL_COLOUR[scheme] : (colours[next++ % colours.length] ?? CONTROL_COLOUR[scheme]),
    ]),
  )
}

/** Shades of one hue for things that have an order of size, smallest first. */
const SIZE_SHADES = {
  light: ['#c5cedb', '#95a5bd', '#647a9c', '#3a5078', '#1d2f50'],
  dark: ['#36435a', '#526583', '#7389ad', '#9db0cf', '#ccd8ea'],
} as const

/** The shade of the `index`-th of `count` sizes, and an ink that can be read on it. */
export function sizeShade(index: number, count: number, scheme: Scheme): { fill: string; ink: string } {
  const shades = SIZE_SHADES[scheme]
  const position = count <= 1 ? 2 : Math.round((index / (count - 1)) * (shades.length - 1))
  const lightFill = scheme === 'light' ? position < 2 : position > 2
  return { fill: shades[position] ?? shades[0], ink: lightFill ? '#14171a' : '#ffffff' }
}
