import { Button } from '@mantine/core'
import styles from './loyalty.module.css'

type MoreButtonProps = {
  /** What the button says. */
  act: string
  pages: { isFetchingNextPage: boolean; fetchNextPage(): Promise<unknown> }
}

/** Shows the page after those that are shown. */
export const MoreButton = ({ act, pages: { isFetchingNextPage, fetchNextPage } }: MoreButtonProps) => (
  <Button
    variant="default"
    size="sm"
    className={styles.add!}
    loading={isFetchingNextPage}
    onClick={() => void fetchNextPage()}
  >
    {act}
  </Button>
)
