import { Button } from '@mantine/core'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './loyalty.module.css'

type Pages = { isFetchingNextPage: boolean; fetchNextPage(): Promise<unknown> }

type MoreButtonProps = {
  /** What the button says. */
  act: string
  pages: Pages
}

/** Shows the page after those that are shown. */
export const MoreButton = ({ act, pages: { isFetchingNextPage, fetchNextPage } }: MoreButtonProps) => (
  <Button
    variant="default"
    size="sm"
    className={styles.more!}
    loading={isFetchingNextPage}
    onClick={() => void fetchNextPage()}
  >
    {act}
  </Button>
)

type OlderButtonProps = {
  pages: Pages & { hasNextPage: boolean; isFetchNextPageError: boolean }
  /** How many of those on the pages so far the list shows: a page may hold other programmes' alone. */
  shown: number | undefined
}

/** Shows older ones, where there are any; without anything to show yet it asks for them by itself. */
export function OlderButton({ pages, shown }: OlderButtonProps) {
  const { t } = useTranslation()
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages
  const goesOn = shown === 0 && hasNextPage && !isFetchingNextPage && !isFetchNextPageError
  useEffect(() => {
    if (goesOn) void fetchNextPage()
  }, [goesOn, fetchNextPage])
  if (!hasNextPage || (shown === 0 && !isFetchNextPageError)) return null
  return <MoreButton act={t('loyalty.older')} pages={pages} />
}
