import { useQuery } from '@tanstack/react-query'

/** The document as YAML, as `tenure export` writes it. The writer of YAML is loaded when it is needed. */
export async function yamlOf(document: object): Promise<string> {
  const { stringify } = await import('yaml')
  // Parts that stand twice are written twice: nobody reads `&a1` and `*a1`.
  return stringify(document, { lineWidth: 76, aliasDuplicateObjects: false })
}

/** The same on a page. */
export const useYaml = (document: object): string | undefined =>
  useQuery({ queryKey: ['yaml', document], queryFn: () => yamlOf(document), staleTime: Infinity }).data

/** What was typed is no YAML, or no document. */
export class NotYaml extends Error {}

/** The document that a YAML text holds. Rejects with `NotYaml`, whose message is the first line of what is wrong. */
export async function parsedYaml(text: string): Promise<object> {
  const { parse } = await import('yaml')
  try {
    const document: unknown = parse(text)
    if (typeof document === 'object' && document !== null) return document
  } catch (error) {
    throw new NotYaml(String(error instanceof Error ? error.message : error).split('\n')[0])
  }
  throw new NotYaml('')
}
