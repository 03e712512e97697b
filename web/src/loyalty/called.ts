import { useQuery } from '@tanstack/react-query'
import type { Words } from '../../../src/loyalty/contract.ts'
import { documentsQuery } from '../documents/documents.ts'
import { useFormat } from '../format/format.ts'

type Named = { id: string; name?: Words; rewards?: readonly Named[] }

/** What people call a document, or a reward within it; the id where there is no name, or it is gone. */
export function useCalled(): (kind: string, id: string, rewardId?: string) => string {
  const format = useFormat()
  const { data = [] } = useQuery(documentsQuery)
  return (kind, id, rewardId) => {
    const document = data.find((one) => one.kind === kind && one.id === id) as Named | undefined
    const { name } =
      (rewardId === undefined ? document : document?.rewards?.find((one) => one.id === rewardId)) ?? {}
    return (name && format.name(name)) || (rewardId ?? id)
  }
}
