import { SegmentedControl, UnstyledButton } from '@mantine/core'
import { IconChartBar, IconTable } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { barsPicture } from '../chart/bars.ts'
import { Chart, type Drawing } from '../chart/Chart.tsx'
import { useFormat, type Format } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { filled, span, type Bucket, type Unit } from './buckets.ts'
import { overTimeQuery } from './queries.ts'
import styles from './trigger.module.css'

const HEIGHT = 220

/** How often the rule fired, by hour or by day. */
export function FiringsOverTime({ triggerId, asOf }: { triggerId: string; asOf: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { unit = 'hour', table } = useSearch({ from: paths.trigger })
  const { from, to } = span(asOf, unit)
  const { data } = useQuery(overTimeQuery({ from, to, unit, rule: triggerId }))
  const buckets = useMemo(
    () =>
      filled(
        (data ?? []).filter(({ ruleId }) => ruleId === triggerId),
        { from, to },
        unit,
        format.timeZone,
      ),
    [data, from, to, unit, format.timeZone, triggerId],
  )
  const total = format.count(buckets.reduce((sum, { firings }) => sum + firings, 0))
  const unitText = unit === 'hour' ? t('triggers.byHour', { total }) : t('triggers.byDay', { total })
  return (
    <Panel
      title={t('triggers.overTime')}
      unit={unitText}
      means={t('triggers.overTimeMeans')}
      acts={<Acts unit={unit} asTable={table !== undefined} />}
    >
      {table === undefined ? (
        <Bars buckets={buckets} unit={unit} />
      ) : (
        <BucketTable buckets={buckets} unit={unit} />
      )}
    </Panel>
  )
}

function Acts({ unit, asTable }: { unit: Unit; asTable: boolean }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.trigger })
  const Icon = asTable ? IconChartBar : IconTable
  const label = t(asTable ? 'panel.asPicture' : 'panel.asTable')
  const show = (change: { unit?: Unit; table?: 'firings' | undefined }) =>
    navigate({ search: (now) => ({ ...now, ...change }), replace: true, resetScroll: false })
  return (
    <div className={styles.acts}>
      <SegmentedControl
        aria-label={t('triggers.unit')}
        size="xs"
        value={unit}
        onChange={(value) => void show({ unit: value === 'day' ? 'day' : 'hour' })}
        data={[
          { value: 'hour', label: t('triggers.hour') },
          { value: 'day', label: t('triggers.day') },
        ]}
      />
      <UnstyledButton
        className={styles.act}
        onClick={() => void show({ table: asTable ? undefined : 'firings' })}
        aria-label={`${label}: ${t('triggers.overTime')}`}
        title={label}
      >
        <Icon size={17} stroke={1.6} aria-hidden />
      </UnstyledButton>
    </div>
  )
}

const nameOf = ({ at }: Bucket, unit: Unit, format: Format): string =>
  unit === 'day' ? format.day(at) : format.dayTime(at)

function BucketTable({ buckets, unit }: { buckets: readonly Bucket[]; unit: Unit }) {
  const { t } = useTranslation()
  const format = useFormat()
  const byDay = unit === 'day'
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={t('triggers.overTime')}>
      <table className={styles.plain}>
        <thead>
          <tr>
            <th scope="col">{t(byDay ? 'triggers.day' : 'triggers.hour')}</th>
            <th scope="col" data-figure>
              {t('triggers.column.firings')}
            </th>
          </tr>
        </thead>
        <tbody>
          {buckets.toReversed().map((bucket) => (
            <tr key={bucket.at}>
              <th scope="row">{nameOf(bucket, unit, format)}</th>
              <td data-figure>{format.count(bucket.firings)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Bars({ buckets, unit }: { buckets: readonly Bucket[]; unit: Unit }) {
  const { t } = useTranslation()
  const format = useFormat()
  const name = t('triggers.column.firings')
  const draw = useCallback(
    (drawing: Drawing) =>
      barsPicture({
        drawing,
        format,
        names: buckets.map((bucket) => nameOf(bucket, unit, format)),
        series: [
          {
            id: 'firings',
            name,
            colour: drawing.scheme === 'light' ? '#364eb5' : '#8999dd',
            values: buckets.map(({ firings }) => firings),
          },
        ],
      }),
    [buckets, unit, format, name],
  )
  return <Chart label={t('triggers.overTimePicture')} height={HEIGHT} draw={draw} />
}
