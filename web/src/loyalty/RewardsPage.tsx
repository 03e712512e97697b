import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { RewardsView } from '../../../src/loyalty/contract.ts'
import { Cells, DocumentsPage, DocumentTable } from '../documents/DocumentsPage.tsx'
import type { AnyDocument } from '../documents/documents.ts'
import { NewDocument } from '../documents/NewDocument.tsx'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { FailureNotice } from '../shell/Failures.tsx'
import { hasWords, SearchField } from '../shell/SearchField.tsx'
import { State } from '../shell/State.tsx'
import { AddStock } from './AddStock.tsx'
import { programmesOf, rewardsOf } from './documents.ts'
import { giftOf } from './gifts.ts'
import { RedemptionsPanel } from './RedemptionsPanel.tsx'
import { rewardsQuery } from './rewards-queries.ts'
import lists from '../shell/list.module.css'

/** All rewards: what they cost, what is left, and what is on its way to members. */
export function RewardsPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <DocumentsPage
      words={{
        title: t('loyalty.rewards'),
        unit: t('loyalty.rewardsUnit'),
        loading: t('loyalty.loading'),
        make: t('loyalty.newReward'),
        none: t('loyalty.noReward'),
        noneHelp: t('loyalty.noRewardHelp'),
      }}
      of={rewardsOf}
      list={(_all, documents) => <List documents={documents} />}
      form={(taken) => (
        <NewDocument
          taken={taken}
          act={t('loyalty.write')}
          write={(rewardId) =>
            void navigate({ to: paths.reward, params: { rewardId }, search: { draft: true } })
          }
        />
      )}
    />
  )
}

const COLUMNS = ['gives', 'price', 'left', 'open', 'done', 'stock'] as const
const FIGURES = new Set<string>(['price', 'open', 'done'])

function useColumns() {
  const { t } = useTranslation()
  return COLUMNS.map((id) => ({
    id,
    name: t(`loyalty.rewardColumn.${id}`),
    isFigure: FIGURES.has(id),
  }))
}

function List({ documents }: { documents: readonly AnyDocument[] }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const format = useFormat()
  const { q } = useSearch({ from: paths.rewards })
  const { data, error } = useQuery(rewardsQuery)
  if (!data) return error ? <FailureNotice error={error} /> : <Skeleton height={320} radius="md" />
  const programmes = programmesOf(documents)
  const shown = data.filter((one) => hasWords(`${one.reward} ${format.name(one.name)}`, q))
  return (
    <>
      <div className={lists.filter}>
        <SearchField label={t('loyalty.searchRewards')} q={q} />
      </div>
      <DocumentTable
        words={{
          title: t('loyalty.rewards'),
          corner: t('loyalty.reward'),
          noneFound: t('loyalty.noRewardFound'),
        }}
        columns={columns}
        rows={shown.map((one) => (
          <Row
            key={one.reward}
            one={one}
            decimals={programmes.find(({ id }) => id === one.programme)?.decimals ?? 0}
          />
        ))}
      />
      <RedemptionsPanel programmes={programmes} />
    </>
  )
}

type RewardLine = RewardsView['rewards'][number]

function Row({ one, decimals }: { one: RewardLine; decimals: number }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const format = useFormat()
  const { reward, name, gives, points, open, done } = one
  const cells = {
    gives: t(`loyalty.gift.${giftOf(gives)}`),
    price: format.points(points, decimals),
    left: <Left one={one} />,
    open: format.count(open),
    done: format.count(done),
    stock: <AddStock rewardId={reward} gives={gives} />,
  }
  return (
    <tr role="row" data-reward={reward}>
      <th role="rowheader" scope="row">
        <Link to={paths.reward} params={{ rewardId: reward }} className={lists.name}>
          {format.name(name)}
        </Link>
        <span className="soft"> {reward}</span>
      </th>
      <Cells columns={columns} cells={cells} />
    </tr>
  )
}

function Left({ one: { left, lowStock } }: { one: RewardLine }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (left === null) return <span className="soft">{t('loyalty.notCounted')}</span>
  const tone = left === 0 ? 'alarm' : left <= lowStock ? 'slow' : 'good'
  return (
    <State tone={tone}>
      {left === 0
        ? t('loyalty.soldOut')
        : left <= lowStock
          ? t('loyalty.low', { formatted: format.count(left) })
          : format.count(left)}
    </State>
  )
}
