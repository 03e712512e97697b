/** The document with a part set, or without it where nothing of it is left. */
export function withPart<Document extends object, Name extends keyof Document>(
  document: Document,
  name: Name,
  part: Document[Name] | undefined,
): Document {
  const { [name]: _before, ...others } = document
  return (part === undefined ? others : { ...others, [name]: part }) as Document
}
