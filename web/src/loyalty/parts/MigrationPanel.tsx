import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { MigrationResult, ProgrammeMigration } from '../../../../src/loyalty/contract.ts'
import type { AnyDocument } from '../../documents/documents.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { FigureTable } from '../../report/FigureTable.tsx'
import { Panel } from '../../report/Panel.tsx'
import { ConfirmButton } from '../../shell/ConfirmButton.tsx'
import { RefusalText } from '../../shell/Failures.tsx'
import { useMayChange } from '../../shell/TenantFormat.tsx'
import { decimalsOf } from '../documents.ts'
import { migratedQuery, runMigration } from './queries.ts'
import page from '../../shell/page.module.css'

type Decimals = { from: number; to: number }
type MigrationProps = { migration: ProgrammeMigration; documents: readonly AnyDocument[] }

/** What moving would do, the button that moves, and what became of each account. */
export function MigrationPanel({ migration, documents }: MigrationProps) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const queryClient = useQueryClient()
  const { id } = migration
  const run = useMutation({
    mutationFn: (dryRun: boolean) => runMigration(id, dryRun),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: migratedQuery(id).queryKey }),
  })
  const decimals = {
    from: decimalsOf(documents, migration.from),
    to: decimalsOf(documents, migration.to),
  }
  return (
    <Panel
      title={t('loyalty.migration')}
      unit={t('loyalty.migrationUnit')}
      means={t('loyalty.migrationMeans')}
    >
      <div className={page.form}>
        <div className={page.acts}>
          <Button
            variant="default"
            size="sm"
            disabled={!mayChange}
            title={mayChange ? undefined : t('failure.forbidden')}
            loading={run.isPending}
            onClick={() => run.mutate(true)}
          >
            {t('loyalty.migrationTry')}
          </Button>
          <ConfirmButton
            act={t('loyalty.migrationRun')}
            title={t('loyalty.migrationRunTitle')}
            means={t('loyalty.migrationRunMeans')}
            isPending={run.isPending}
            confirm={() => run.mutate(false)}
          />
        </div>
        {run.error && <RefusalText error={run.error} />}
        {run.data && <Outcome result={run.data} decimals={decimals} />}
        <Accounts migrationId={id} decimals={decimals} />
      </div>
    </Panel>
  )
}

function Outcome({ result, decimals }: { result: MigrationResult; decimals: Decimals }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { dryRun, accounts, fromMinor, toMinor, leftMinor } = result
  return (
    <p role="status" data-testid="migrated">
      {t(dryRun ? 'loyalty.wouldMove' : 'loyalty.hasMoved', {
        count: accounts,
        formatted: format.count(accounts),
        from: format.points(fromMinor, decimals.from),
        to: format.points(toMinor, decimals.to),
        left: format.points(leftMinor, decimals.from),
      })}
    </p>
  )
}

function Accounts({ migrationId, decimals }: { migrationId: string; decimals: Decimals }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(migratedQuery(migrationId))
  if (!data || data.length === 0) return <p className="soft">{t('loyalty.noMigrated')}</p>
  return (
    <FigureTable
      caption={t('loyalty.migration')}
      corner={t('loyalty.migratedColumn.member')}
      align="right"
      columns={(['outcome', 'from', 'to', 'left', 'at'] as const).map((id) => ({
        id,
        name: t(`loyalty.migratedColumn.${id}`),
      }))}
      lines={data.map(({ subscriberId, outcome, fromMinor, toMinor, leftMinor, at }) => ({
        id: `${subscriberId} ${at}`,
        name: (
          <Link to={paths.member} search={{ subscriber: subscriberId }}>
            {subscriberId}
          </Link>
        ),
        cells: {
          outcome: { text: t(`loyalty.migrated.${outcome}`) },
          from: { text: format.points(fromMinor, decimals.from) },
          to: { text: format.points(toMinor, decimals.to) },
          left: { text: format.points(leftMinor, decimals.from) },
          at: { text: format.moment(at) },
        },
      }))}
    />
  )
}
