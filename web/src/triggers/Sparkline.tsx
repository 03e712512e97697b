type SparklineProps = {
  /** What it shows, for those who do not see it. */
  label: string
  values: readonly number[]
}

const WIDTH = 96
const HEIGHT = 22

/** Bars without axes, as high as the largest of them allows: a shape, not a figure. */
export function Sparkline({ label, values }: SparklineProps) {
  const highest = Math.max(1, ...values)
  const step = WIDTH / Math.max(1, values.length)
  return (
    <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <line x1="0" y1={HEIGHT - 0.5} x2={WIDTH} y2={HEIGHT - 0.5} stroke="var(--line)" />
      {values.map((value, index) => {
        const height = value > 0 ? Math.max(1.5, (value / highest) * (HEIGHT - 2)) : 0
        return (
          <rect
            // The place is what a bar is: hours move through it.
            key={index}
            x={index * step}
            y={HEIGHT - height}
            width={Math.max(1, step - 1)}
            height={height}
            fill="var(--ink-soft)"
          />
        )
      })}
    </svg>
  )
}
