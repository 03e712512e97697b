import { DomainError, type Problem } from '../platform/index.ts'

/** Laid out once for each source; a template that nobody uses any more is pushed out. */
const laidOut = new Map<string, string>()
const KEPT = 500

/** Whether a text is MJML and not HTML already. */
export function isMjml(source: string): boolean {
  return /^\s*<mjml[\s>]/.test(source)
}

/** The HTML of a text that was laid out before, the text itself when it is no MJML; undefined when it was not. */
export function laidOutHtml(source: string): string | undefined {
  return isMjml(source) ? laidOut.get(source) : source
}

/**
 * Lays MJML out as HTML, without Liquid, which fills the result for each subscriber: the other way round a thousand
 * emails would be laid out a thousand times. Nothing is fetched and no file is included. Throws `template_invalid` with
 * a problem for each fault.
 */
export async function layOut(source: string): Promise<string> {
  const known = laidOutHtml(source)
  if (known !== undefined) return known
  // Only whoever sends email pays for loading it.
  const { default: mjml2html } = await import('mjml')
  try {
    const options = { fonts: {}, ignoreIncludes: true, keepComments: false, minify: false } as const
    const { html } = await mjml2html(source, { validationLevel: 'strict', ...options })
    if (laidOut.size >= KEPT) laidOut.delete(laidOut.keys().next().value!)
    laidOut.set(source, html)
    return html
  } catch (error) {
    const { errors, message } = error as { errors?: { line: number; message: string }[]; message: string }
    const faults = errors ?? [{ line: 1, message }]
    const problems = faults.map((fault): Problem => {
      return {
        code: 'template_invalid',
        message: fault.message,
        field: 'html',
        expected: 'MJML',
        line: fault.line,
      }
    })
    throw new DomainError('template_invalid', faults[0]!.message, { field: 'html', problems })
  }
}

/** Elements without an end of their own are no part of MJML: each that is opened is closed. */
const tag = /<(?<close>\/)?(?<name>mj[a-z-]*)(?:\s(?:[^>"']|"[^"]*"|'[^']*')*?)?(?<alone>\/)?>/g

/**
 * What can be said about MJML without laying it out: every MJML element is closed, in order, and there is a body. Laying
 * out forgives such slips and drops what stands behind them, so they are refused when the template is saved.
 */
export function checkMjml(source: string, field: string): Problem[] {
  const open: { name: string; at: number }[] = []
  const problem = (message: string, at: number): Problem[] => {
    const before = source.slice(0, at).split('\n')
    const place = { line: before.length, column: before.at(-1)!.length + 1 }
    return [{ code: 'template_invalid', message, field, expected: 'MJML', ...place }]
  }
  for (const match of source.matchAll(tag)) {
    const { close, name, alone } = match.groups as { close?: string; name: string; alone?: string }
    if (alone) continue
    if (!close) open.push({ name, at: match.index })
    else if (open.at(-1)?.name === name) open.pop()
    else {
      const expected = open.at(-1) ? `</${open.at(-1)!.name}>` : 'nothing to close'
      return problem(`</${name}> where ${expected} was expected`, match.index)
    }
  }
  if (open.length > 0) return problem(`<${open.at(-1)!.name}> is never closed`, open.at(-1)!.at)
  return /<mj-body[\s>]/.test(source) ? [] : problem('there is no <mj-body>', 0)
}
