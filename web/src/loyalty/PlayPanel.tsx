import { Progress, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { MemberPlayView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { State, type Tone } from '../shell/State.tsx'
import { memberPlayQuery } from './queries.ts'
import { shareDone } from './share-done.ts'
import styles from './loyalty.module.css'

/** Quests, streaks and badges of a member. */
export function PlayPanel({ subscriberId, programme }: { subscriberId: number; programme: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(memberPlayQuery(subscriberId, programme))
  const isEmpty =
    data != null &&
    data.quests.length + data.achievements.length + data.streaks.length + data.badges.length === 0
  return (
    <Panel title={t('loyalty.play')} unit={t('loyalty.playUnit')} means={t('loyalty.playMeans')}>
      {data === undefined && <Skeleton height={160} />}
      {isEmpty && <p className="soft">{t('loyalty.noPlay')}</p>}
      <ul className={styles.parts}>
        {data?.quests.map((quest) => (
          <Quest key={quest.id} quest={quest} />
        ))}
        {data?.achievements.map((achievement) => (
          <Achievement key={achievement.id} achievement={achievement} />
        ))}
        {data?.streaks.map((streak) => (
          <li key={streak.id}>
            <span className={styles.questHead}>
              <strong>{format.name(streak.name)}</strong>
              <span>{t(`loyalty.streakOf.${streak.every}`, { formatted: format.count(streak.length) })}</span>
            </span>
            <span className="soft">
              {t('loyalty.streakBest', { formatted: format.count(streak.best) })}
              {streak.freezes > 0 &&
                ` · ${t('loyalty.streakFreezes', { formatted: format.count(streak.freezes) })}`}
            </span>
          </li>
        ))}
        {data?.badges.map((badge) => (
          <li key={badge.id}>
            <span className={styles.questHead}>
              <strong>{format.name(badge.name)}</strong>
              <span className="soft">{t('loyalty.badge', { moment: format.moment(badge.at) })}</span>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

type AchievementProps = { achievement: MemberPlayView['achievements'][number] }

function Achievement({ achievement: { id, name, amount, level, levelName, nextAt } }: AchievementProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <li data-achievement={id}>
      <span className={styles.questHead}>
        <strong>{format.name(name)}</strong>
        <span>{levelName ? format.name(levelName) : t('loyalty.noLevel')}</span>
      </span>
      <div className={styles.step}>
        <span className="soft">
          {nextAt === null
            ? t('loyalty.highestLevel')
            : t('loyalty.nextLevel', { level: format.count(level + 1) })}
        </span>
        <span>
          {format.count(amount)}
          {nextAt !== null && ` / ${format.count(nextAt)}`}
        </span>
        <Progress
          value={nextAt === null ? 100 : shareDone({ amount, reach: nextAt }) * 100}
          size="xs"
          aria-label={format.name(name)}
        />
      </div>
    </li>
  )
}

const TONES: Record<MemberPlayView['quests'][number]['state'], Tone | undefined> = {
  not_joined: undefined,
  open: 'under-way',
  completed: 'good',
  expired: 'quiet',
}

function Quest({ quest }: { quest: MemberPlayView['quests'][number] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <li data-quest={quest.id}>
      <span className={styles.questHead}>
        <strong>{format.name(quest.name)}</strong>
        <State tone={TONES[quest.state]}>{t(`loyalty.questState.${quest.state}`)}</State>
      </span>
      {quest.deadline !== null && (
        <span className="soft">{t('loyalty.questUntil', { moment: format.moment(quest.deadline) })}</span>
      )}
      {quest.steps.map((step) => (
        <div key={step.id} className={styles.step}>
          <span>{format.name(step.name)}</span>
          <span>
            {format.count(step.amount)} / {format.count(step.reach)}
          </span>
          <Progress
            value={shareDone(step) * 100}
            size="xs"
            aria-label={`${format.name(quest.name)}: ${format.name(step.name)}`}
          />
        </div>
      ))}
    </li>
  )
}
