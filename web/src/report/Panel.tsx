import { ActionIcon, Popover, UnstyledButton } from '@mantine/core'
import { IconChartBar, IconInfoCircle, IconTable } from '@tabler/icons-react'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { panelsAsTables, type Panel as PanelId } from '../paths.ts'
import styles from './panel.module.css'

type PanelProps = {
  /** The question that the panel answers. */
  title: string
  unit: string
  /** What the figures mean, in a few sentences. */
  means: string
  /** Given when the panel can also be shown as a plain table. */
  panel?: PanelId
  /** What else can be done with the panel. */
  acts?: ReactNode
  children: ReactNode
}

/** A question with its answer; the table is one click away, the definition another. */
export function Panel({ title, unit, means, panel, acts, children }: PanelProps) {
  const titleId = useId()
  return (
    <section className={styles.panel} aria-labelledby={titleId}>
      <header className={styles.head}>
        <div className={styles.words}>
          <h2 id={titleId}>{title}</h2>
          <p className={styles.unit}>{unit}</p>
        </div>
        <div className={styles.acts}>
          {acts}
          {panel && <TableSwitch panel={panel} title={title} />}
          <Meaning title={title} means={means} />
        </div>
      </header>
      {children}
    </section>
  )
}

/** Whether the address asks for this panel as a table. */
export function useAsTable(panel: PanelId): boolean {
  const { table } = useSearch({ strict: false })
  return panelsAsTables(table).includes(panel)
}

function TableSwitch({ panel, title }: { panel: PanelId; title: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const asTable = useAsTable(panel)
  const Icon = asTable ? IconChartBar : IconTable
  const label = t(asTable ? 'panel.asPicture' : 'panel.asTable')
  const toggle = () =>
    navigate({
      to: '.',
      replace: true,
      resetScroll: false,
      search: (search) => {
        const now = panelsAsTables(search.table)
        const next = asTable ? now.filter((one) => one !== panel) : [...now, panel]
        return { ...search, table: next.length > 0 ? next.join(',') : undefined }
      },
    })
  return (
    <UnstyledButton className={styles.act} onClick={toggle} aria-label={`${label}: ${title}`} title={label}>
      <Icon size={17} stroke={1.6} aria-hidden />
      <span className={styles.actWord}>{label}</span>
    </UnstyledButton>
  )
}

function Meaning({ title, means }: { title: string; means: string }) {
  const { t } = useTranslation()
  const label = t('panel.whatItMeans')
  return (
    <Popover width="min(420px, calc(100vw - 32px))" position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size={32} aria-label={`${label}: ${title}`} title={label}>
          <IconInfoCircle size={17} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown className={styles.meaning} tabIndex={0}>
        <p>{means}</p>
      </Popover.Dropdown>
    </Popover>
  )
}
