/** How many forms of one thing have code of their own. */
const MAX_FORMS = 6

/** So many times something in no known form is met before one gets code; for each further one twice as many. */
const FIRST_PATIENCE = 16

/**
 * Forms in which sources write the same thing line after line, each as code that understands this form alone. Whoever
 * uses them tries `list` in its order, and says which one it was.
 */
export class Forms<Form> {
  /** The form met last stands first. */
  readonly list: Form[] = []
  #misses = 0
  #patience = FIRST_PATIENCE

  /** Says that the form at this place of the list, not the first, was met. */
  hit(place: number): void {
    const form = this.list[place]!
    this.list.copyWithin(1, 0, place)
    this.list[0] = form
  }

  /** Says that something in no known form was met; whether that form should be added. */
  isDue(): boolean {
    return ++this.#misses >= this.#patience
  }

  /** Adds a form, if need be instead of the one that was not met for longest; undefined when there is none. */
  add(form: Form | undefined): void {
    this.#misses = 0
    this.#patience *= 2
    if (form === undefined) return
    if (this.list.length === MAX_FORMS) this.list.pop()
    this.list.unshift(form)
  }
}
