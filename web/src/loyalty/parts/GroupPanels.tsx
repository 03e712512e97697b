import { NativeSelect } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AnyDocument } from '../../documents/documents.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../report/Panel.tsx'
import { NewPart } from '../NewPart.tsx'
import { belongsTo } from './belonging.ts'
import { groups, type Group, type Part, type PartKind } from './kind.ts'
import { partKinds } from './kinds.ts'
import styles from '../loyalty.module.css'

type GroupsProps = { programmeId: string; documents: readonly AnyDocument[] }

/** Everything else that a programme is made of, group by group; each leads to its editor. */
export const GroupPanels = (props: GroupsProps) => (
  <div className={styles.pair}>
    {groups.map((group) => (
      <GroupPanel key={group} group={group} {...props} />
    ))}
  </div>
)

function GroupPanel({ group, programmeId, documents }: GroupsProps & { group: Group }) {
  const { t } = useTranslation()
  const kinds = partKinds.filter((kind) => kind.group === group)
  const several = kinds.filter(({ isOnly }) => !isOnly)
  const parts = kinds.flatMap((kind) =>
    documents
      .filter((one) => one.kind === kind.kind && belongsTo(one, programmeId))
      .map((part) => ({ kind, part: part as Part })),
  )
  const missing = kinds.filter(({ isOnly, kind }) => isOnly && !parts.some(({ part }) => part.kind === kind))
  return (
    <Panel
      title={t(`loyalty.group.${group}`)}
      unit={t(`loyalty.groupUnit.${group}`)}
      means={t(`loyalty.groupMeans.${group}`)}
      acts={
        <NewOfGroup
          kinds={several}
          documents={documents}
          title={t(`loyalty.newIn.${group}`)}
          programmeId={programmeId}
        />
      }
    >
      {parts.length + missing.length === 0 && <p className="soft">{t('loyalty.noParts')}</p>}
      <ul className={styles.parts} data-group={group}>
        {parts.map(({ kind, part }) => (
          <PartLine key={`${part.kind}/${part.id}`} kind={kind} part={part} />
        ))}
        {missing.map(({ kind }) => (
          <li key={kind}>
            <Link to={paths.part} params={{ kind, partId: programmeId }} search={{ draft: true }}>
              {t(`loyalty.kind.${kind}`)}
            </Link>
            <span className="soft">{t('loyalty.notSet')}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** Of the things that a document lists so many are named. */
const NAMED = 4

function PartLine({ kind, part }: { kind: PartKind; part: Part }) {
  const { t } = useTranslation()
  const format = useFormat()
  const called = t(`loyalty.kind.${kind.kind}`)
  const own = part.name && format.name(part.name)
  const rows = kind.form.flat().find((field) => field.as === 'rows')
  const listed = rows && (part as unknown as Record<string, Part[] | undefined>)[rows.name]
  const names = (listed ?? []).flatMap(({ name }) => (name ? [format.name(name)] : []))
  const more = names.length > NAMED ? ['…'] : []
  return (
    <li data-part={`${part.kind}/${part.id}`}>
      <Link to={paths.part} params={{ kind: part.kind, partId: part.id }}>
        {own || called}
      </Link>
      <span className="soft">
        {[...(own ? [called] : kind.isOnly ? [] : [part.id]), ...names.slice(0, NAMED), ...more].join(' · ')}
      </span>
    </li>
  )
}

type NewOfGroupProps = {
  kinds: readonly PartKind[]
  documents: readonly AnyDocument[]
  title: string
  programmeId: string
}

function NewOfGroup({ kinds, documents, title, programmeId }: NewOfGroupProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [kind, setKind] = useState(kinds[0]?.kind ?? 'Quest')
  const taken = documents.filter((one) => one.kind === kind).map(({ id }) => id)
  return (
    <NewPart
      title={title}
      taken={taken}
      write={(partId) =>
        void navigate({
          to: paths.part,
          params: { kind, partId },
          search: { draft: true, programme: programmeId },
        })
      }
    >
      {kinds.length > 1 && (
        <NativeSelect
          label={t('loyalty.whichKind')}
          value={kind}
          onChange={({ currentTarget }) =>
            setKind(kinds.find((one) => one.kind === currentTarget.value)?.kind ?? kind)
          }
          data={kinds.map((one) => ({ value: one.kind, label: t(`loyalty.kind.${one.kind}`) }))}
        />
      )}
    </NewPart>
  )
}
