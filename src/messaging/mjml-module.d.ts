/** The part of `mjml` that is used here: the package brings no types of its own. */
declare module 'mjml' {
  type Fault = { line: number; message: string; tagName: string }
  /** Lays MJML out as HTML; rejects with `errors` where it is not valid. */
  export default function mjml2html(
    source: string,
    options: {
      validationLevel: 'strict'
      fonts: Record<string, string>
      ignoreIncludes: true
      keepComments: false
      minify: false
    },
  ): Promise<{ html: string; errors: Fault[] }>
}
