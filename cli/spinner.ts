import type { Terminal } from './terminal.ts'

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const FRAME_MS = 100
/** Back to the beginning of the line, and everything behind it cleared. */
const CLEAR = '\r\u001B[K'

/** Does work that may take a while. A person who watches sees that it goes on, and for how long already. */
export async function withSpinner<T>(
  terminal: Terminal,
  what: string,
  work: () => Promise<T>,
  write: (text: string) => void = (text) => void process.stderr.write(text),
): Promise<T> {
  if (!terminal.isWatched) return work()
  const startedMs = performance.now()
  let frame = 0
  const draw = (): void => {
    const seconds = Math.floor((performance.now() - startedMs) / 1_000)
    write(`${CLEAR}${FRAMES[frame++ % FRAMES.length]} ${what}, ${seconds} s`)
  }
  draw()
  const timer = setInterval(draw, FRAME_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    write(CLEAR)
  }
}
