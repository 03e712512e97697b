import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { MAIN_PROGRAMME } from '../../../../src/loyalty/contract.ts'
import { DocumentPlace } from '../../documents/DocumentPage.tsx'
import { paths } from '../../paths.ts'
import { Panel } from '../../report/Panel.tsx'
import { MissingPlace } from '../../shell/Failures.tsx'
import { ofKind } from '../documents.ts'
import { tryPlay } from '../queries.ts'
import { TryPanel } from '../TryPanel.tsx'
import { LoyaltyEditor } from '../LoyaltyEditor.tsx'
import { FieldForm } from './FieldForm.tsx'
import type { Part, PartKind } from './kind.ts'
import { partKindOf } from './kinds.ts'
import { PartFacts, PartPicture } from './pictures.tsx'
import { begunPart, pointDecimals } from './point-decimals.ts'

/** One document that belongs to a programme, of whichever kind. */
export function PartPage() {
  const { kind, partId } = useParams({ from: paths.part })
  const known = partKindOf(kind)
  return known ? <PartEditor key={`${kind}/${partId}`} kind={known} partId={partId} /> : <MissingPlace />
}

/** Where those lie that are no part of a single programme. */
const LISTS = {
  Club: { to: paths.clubs, name: 'loyalty.clubs' },
  Exchange: { to: paths.exchanges, name: 'loyalty.exchanges' },
} as const

function PartEditor({ kind, partId }: { kind: PartKind; partId: string }) {
  const { t } = useTranslation()
  const { draft = false, programme = MAIN_PROGRAMME } = useSearch({ from: paths.part })
  const list = kind.kind in LISTS ? LISTS[kind.kind as keyof typeof LISTS] : undefined
  const called = t(`loyalty.kind.${kind.kind}`)
  return (
    <DocumentPlace
      id={partId}
      isNew={draft}
      of={ofKind<Part>(kind.kind)}
      list={paths.programmes}
      words={{
        loading: t('loyalty.loading'),
        missing: t('loyalty.missingPart', { kind: called, id: partId }),
        toList: t('loyalty.toProgrammes'),
      }}
      height={560}
    >
      {(saved, documents) => (
        <LoyaltyEditor
          saved={saved}
          blank={begunPart(kind, partId, programme, documents)}
          schema={kind.schema}
          list={list && { to: list.to, name: t(list.name) }}
          programme={kind.isOnly ? partId : undefined}
          called={called}
          above={(document) => <PartPicture document={document} documents={documents} />}
          form={({ document, change, problems }) => (
            <Panel
              title={called}
              unit={t(`loyalty.kindUnit.${kind.kind}`)}
              means={t(`loyalty.kindMeans.${kind.kind}`)}
            >
              <FieldForm
                form={kind.form}
                value={document}
                change={change}
                problems={problems}
                documents={documents}
                decimalsOf={(part) => pointDecimals(kind, part, documents)}
              />
            </Panel>
          )}
          below={(document) => (
            <>
              {kind.isTried && <TryPanel play={tryPlay(document)} />}
              {saved && <PartFacts document={saved} documents={documents} />}
            </>
          )}
        />
      )}
    </DocumentPlace>
  )
}
