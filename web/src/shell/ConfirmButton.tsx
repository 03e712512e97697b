import { Button } from '@mantine/core'
import page from './page.module.css'
import { AskButton } from './AskButton.tsx'

type ConfirmButtonProps = {
  /** What the button says. */
  act: string
  /** What would be done, as the title and on the button that does it. */
  title: string
  /** What it would bring about. */
  means: string
  isPending: boolean
  confirm(): void
}

/** A button that says what it would bring about before it does it. */
export function ConfirmButton({ act, title, means, isPending, confirm }: ConfirmButtonProps) {
  return (
    <AskButton act={act} title={title}>
      {(close) => (
        <div className={page.form}>
          <p>{means}</p>
          <Button
            loading={isPending}
            onClick={() => {
              close()
              confirm()
            }}
          >
            {title}
          </Button>
        </div>
      )}
    </AskButton>
  )
}
