import { useTranslation } from 'react-i18next'
import type {
  AbusePolicy,
  Achievement,
  Exchange,
  ProgrammeMigration,
  Quiz,
  Referral,
  Streak,
  Wheel,
} from '../../../../src/loyalty/contract.ts'
import type { AnyDocument } from '../../documents/documents.ts'
import { useFormat } from '../../format/format.ts'
import { Panel } from '../../report/Panel.tsx'
import { decimalsOf } from '../documents.ts'
import { BoardPanel } from './BoardPanel.tsx'
import { ClubMembersPanel } from './ClubMembersPanel.tsx'
import { ExchangePicture } from './ExchangePicture.tsx'
import { useGain, useGift } from './gains.ts'
import type { Part } from './kind.ts'
import { MigrationPanel } from './MigrationPanel.tsx'
import { ReferralGrantsPanel } from './ReferralGrantsPanel.tsx'
import { RoundsPanel } from './RoundsPanel.tsx'
import { Rungs } from './Rungs.tsx'
import { ScorePicture } from './ScorePicture.tsx'
import { WheelPicture } from './WheelPicture.tsx'

type PictureProps = {
  document: Part
  /** All documents, for what it refers to. */
  documents: readonly AnyDocument[]
}

/** A document as a picture, where it is rather looked at than read. */
export function PartPicture({ document, documents }: PictureProps) {
  const decimals = decimalsOf(documents, document.programme)
  switch (document.kind) {
    case 'Achievement':
      return <Levels achievement={document as Achievement} decimals={decimals} />
    case 'Streak':
      return <Milestones streak={document as Streak} decimals={decimals} />
    case 'Quiz':
      return <RightAnswers quiz={document as Quiz} decimals={decimals} />
    case 'Wheel':
      return <WheelPicture wheel={document as Wheel} decimals={decimals} />
    case 'Referral':
      return <Invitation referral={document as Referral} decimals={decimals} />
    case 'Exchange':
      return <ExchangePicture exchange={document as Exchange} documents={documents} />
    case 'AbusePolicy':
      return <ScorePicture policy={document as AbusePolicy} />
    default:
      return null
  }
}

/** What came of a document that is saved. */
export function PartFacts({ document, documents }: PictureProps) {
  const { kind, id } = document
  switch (kind) {
    case 'Club':
      return <ClubMembersPanel clubId={id} />
    case 'Leaderboard':
      return <BoardPanel boardId={id} />
    case 'Wheel':
    case 'Quiz':
    case 'BotGame':
      return <RoundsPanel kind={kind} gameId={id} />
    case 'Referral':
      return <ReferralGrantsPanel referralId={id} decimals={decimalsOf(documents, document.programme)} />
    case 'ProgrammeMigration':
      return <MigrationPanel migration={document as unknown as ProgrammeMigration} documents={documents} />
    default:
      return null
  }
}

type Amounts = { decimals: number }

function Levels({ achievement, decimals }: Amounts & { achievement: Achievement }) {
  const { t } = useTranslation()
  const format = useFormat()
  const gain = useGain(decimals)
  return (
    <Panel title={t('loyalty.levels')} unit={t('loyalty.levelsUnit')} means={t('loyalty.levelsMeans')}>
      <Rungs
        rungs={(achievement.levels ?? []).map(({ at, name, reward }, index) => ({
          id: String(index + 1),
          name: format.name(name) || String(index + 1),
          asks: t('loyalty.fromAmount', { amount: /^\d+$/.test(at) ? format.count(at) : '—' }),
          brings: gain(reward),
        }))}
      />
    </Panel>
  )
}

function Milestones({ streak, decimals }: Amounts & { streak: Streak }) {
  const { t } = useTranslation()
  const format = useFormat()
  const gain = useGain(decimals)
  const milestones = (streak.milestones ?? []).toSorted((a, b) => a.at - b.at)
  if (milestones.length === 0) return null
  return (
    <Panel
      title={t('loyalty.milestones')}
      unit={t('loyalty.milestonesUnit')}
      means={t('loyalty.milestonesMeans')}
    >
      <Rungs
        rungs={milestones.map(({ at, again, reward }, index) => ({
          id: String(at ?? index),
          name: t(`loyalty.streakOf.${streak.every}`, { formatted: format.count(at ?? 0) }),
          asks: t(again ? 'loyalty.everyTime' : 'loyalty.onceOnly'),
          brings: gain(reward),
        }))}
      />
    </Panel>
  )
}

function RightAnswers({ quiz, decimals }: Amounts & { quiz: Quiz }) {
  const { t } = useTranslation()
  const format = useFormat()
  const gain = useGain(decimals)
  const rewards = (quiz.rewards ?? []).toSorted((a, b) => a.correct - b.correct)
  if (rewards.length === 0) return null
  return (
    <Panel title={t('loyalty.answers')} unit={t('loyalty.answersUnit')} means={t('loyalty.answersMeans')}>
      <Rungs
        rungs={rewards.map(({ correct, reward }, index) => ({
          id: String(correct ?? index),
          name: t('loyalty.rightOf', {
            correct: format.count(correct ?? 0),
            of: format.count(quiz.perRound ?? 0),
          }),
          asks: t('loyalty.drawnFrom', { questions: format.count(quiz.questions?.length ?? 0) }),
          brings: gain(reward),
        }))}
      />
    </Panel>
  )
}

function Invitation({ referral, decimals }: Amounts & { referral: Referral }) {
  const { t } = useTranslation()
  const format = useFormat()
  const gift = useGift(decimals)
  const shares = referral.chain?.shares ?? []
  return (
    <Panel
      title={t('loyalty.invitation')}
      unit={t('loyalty.invitationUnit')}
      means={t('loyalty.invitationMeans')}
    >
      <Rungs
        rungs={(referral.rewards ?? []).map(({ id, name, when, referrer, referee }) => ({
          id,
          name: format.name(name) || id,
          asks:
            'on' in when
              ? t('loyalty.dueOn', { type: when.on || '—' })
              : t('loyalty.dueStayed', {
                  count: when.stayedDays,
                  formatted: format.count(when.stayedDays),
                }),
          brings: [
            ...(referrer ? [t('loyalty.toReferrer', { gift: gift(referrer) })] : []),
            ...(referee ? [t('loyalty.toReferee', { gift: gift(referee) })] : []),
            ...(referrer && 'points' in referrer && shares.length > 0
              ? [t('loyalty.toChain', { shares: shares.map((share) => `${share} %`).join(', ') })]
              : []),
          ],
        }))}
      />
    </Panel>
  )
}
