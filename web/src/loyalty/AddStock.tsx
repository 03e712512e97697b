import { Button, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RewardGives } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { AskButton } from '../shell/AskButton.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { codesIn } from './gifts.ts'
import { addCodes, addPieces, rewardsQuery } from './rewards-queries.ts'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

type AddStockProps = { rewardId: string; gives: RewardGives }

/** The button that adds codes or pieces, where those are counted. */
export function AddStock({ rewardId, gives }: AddStockProps) {
  const { t } = useTranslation()
  const isPool = 'voucher' in gives
  if (!isPool && !('goods' in gives)) return <span className="soft">—</span>
  const title = isPool ? t('loyalty.addCodes') : t('loyalty.addPieces')
  const Form = isPool ? CodesForm : PiecesForm
  return (
    <AskButton size="xs" className={styles.over} act={title} label={`${title} ${rewardId}`} title={title}>
      {(close) => <Form rewardId={rewardId} close={close} />}
    </AskButton>
  )
}

type FormProps = { rewardId: string; close(): void }

/** Adds something, and shows what is left then. */
function useAdding(add: () => Promise<unknown>, close: () => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: add,
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: rewardsQuery.queryKey })
      close()
    },
  })
}

function CodesForm({ rewardId, close }: FormProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const [text, setText] = useState('')
  const codes = codesIn(text)
  const adding = useAdding(() => addCodes(rewardId, codes), close)
  return (
    <form
      className={page.form}
      onSubmit={(event) => {
        event.preventDefault()
        adding.mutate()
      }}
    >
      <Textarea
        label={t('loyalty.codes')}
        description={t('loyalty.codesMeans')}
        classNames={{ input: styles.code! }}
        autosize
        minRows={6}
        maxRows={16}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      {adding.error && <RefusalText error={adding.error} />}
      <Button type="submit" loading={adding.isPending} disabled={codes.length === 0}>
        {t('loyalty.addSo', { formatted: format.count(codes.length) })}
      </Button>
    </form>
  )
}

function PiecesForm({ rewardId, close }: FormProps) {
  const { t } = useTranslation()
  const [key] = useState(() => crypto.randomUUID())
  const [typed, setTyped] = useState('')
  const pieces = /^[+−-]?\d{1,6}$/.test(typed) ? Number(typed.replace('−', '-')) : 0
  const adding = useAdding(() => addPieces(rewardId, pieces, key), close)
  return (
    <form
      className={page.form}
      onSubmit={(event) => {
        event.preventDefault()
        adding.mutate()
      }}
    >
      <TextInput
        label={t('loyalty.pieces')}
        description={t('loyalty.piecesMeans')}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        data-autofocus
      />
      {adding.error && <RefusalText error={adding.error} />}
      <Button type="submit" loading={adding.isPending} disabled={pieces === 0}>
        {t('act.add')}
      </Button>
    </form>
  )
}
