import { Skeleton, TextInput, UnstyledButton } from '@mantine/core'
import { useComputedColorScheme } from '@mantine/core'
import type { CSSProperties } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Cascade, ExpectationAnswer } from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { SavedTrack } from '../report/SavedTrack.tsx'
import { channelName } from '../templates/channels.ts'
import { seriesColour } from '../theme.ts'
import tracks from '../report/cascade.module.css'
import styles from './cascades.module.css'

type ExpectationPanelProps = {
  cascade: Cascade
  expectation: ExpectationAnswer | undefined
  isComplete: boolean
  /** What somebody believes instead of history and defaults, by the step's place. */
  reach: Readonly<Record<string, number>>
  setReach(next: Readonly<Record<string, number>>): void
}

const minor = (value: number): string => String(Math.round(value))

/** A thousand subscribers on their way through the steps, what that costs, and what SMS alone would. */
export function ExpectationPanel(props: ExpectationPanelProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { expectation, reach, setReach } = props
  const unit = t('cascades.expectUnit', { formatted: format.count(expectation?.recipients ?? 1_000) })
  return (
    <Panel
      title={t('cascades.expect')}
      unit={unit}
      means={t('cascades.expectMeans', { days: expectation?.days ?? 90 })}
    >
      {!props.isComplete && <p className="soft">{t('cascades.expectIncomplete')}</p>}
      {props.isComplete && !expectation && <Skeleton height={260} />}
      {props.isComplete && expectation && (
        <>
          <Summary expectation={expectation} />
          <ol className={styles.funnel} aria-label={t('cascades.funnel')}>
            {expectation.steps.map((step) => (
              <FunnelStep
                key={step.place}
                step={step}
                recipients={expectation.recipients}
                given={reach[String(step.place)]}
                give={(value) => {
                  const { [String(step.place)]: _before, ...others } = reach
                  setReach(value === undefined ? others : { ...others, [String(step.place)]: value })
                }}
              />
            ))}
          </ol>
          <p className={styles.rest}>
            {t('cascades.notReached', {
              formatted: format.count(Math.round(expectation.recipients - expectation.reached)),
            })}
          </p>
        </>
      )}
    </Panel>
  )
}

function Summary({ expectation }: { expectation: ExpectationAnswer }) {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme('light')
  const { costMinor, reached, recipients, allSms } = expectation
  const saved = allSms === undefined ? 0 : Math.round(allSms.costMinor) - Math.round(costMinor)
  const perReached = reached > 0 ? costMinor / reached : undefined
  return (
    <>
      {allSms && (
        <ul className={`${tracks['arms']} ${styles.summary}`} data-testid="saving">
          <SavedTrack
            name={t('cascades.thisCascade')}
            colour={seriesColour(scheme, 1)}
            costMinor={minor(costMinor)}
            allSmsMinor={minor(allSms.costMinor)}
            savedMinor={String(saved)}
          />
        </ul>
      )}
      <dl className={styles.figures}>
        <div>
          <dt>{t('cascades.reachOf')}</dt>
          <dd>{format.share(reached, recipients)}</dd>
        </div>
        <div>
          <dt>{t('cascades.reachAllSms')}</dt>
          <dd>{allSms ? format.share(allSms.reached, recipients) : '—'}</dd>
        </div>
        <div>
          <dt>{t('cascades.perReached')}</dt>
          <dd>{format.average(perReached)}</dd>
        </div>
      </dl>
    </>
  )
}

type Step = ExpectationAnswer['steps'][number]
type FunnelStepProps = {
  step: Step
  recipients: number
  given: number | undefined
  give(value: number | undefined): void
}

/** Who come to a step, and who need no further one: the bar of the next step is what is left of this one. */
function FunnelStep({ step, recipients, given, give }: FunnelStepProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme('light')
  const share = (part: number): string => `${(part / recipients) * 100}%`
  const price =
    step.priceMinor === undefined
      ? t('cascades.noChannel')
      : t('cascades.priceOf', {
          price: format.money(step.priceMinor),
          units: format.rate(step.units),
        })
  return (
    <li style={{ '--arm': seriesColour(scheme, 1) } as CSSProperties} data-step={step.place}>
      <div className={styles.funnelHead}>
        <strong>{channelName(step.channel, t)}</strong>
        <span className={styles.cost}>{format.money(minor(step.costMinor))}</span>
      </div>
      <div className={styles.funnelTrack} aria-hidden>
        <span className={styles.entering} style={{ width: share(step.entering) }}>
          <span className={styles.reached} style={{ width: `${step.reach * 100}%` }} />
        </span>
      </div>
      <p className={styles.funnelWords}>
        {t('cascades.enteringReached', {
          entering: format.count(Math.round(step.entering)),
          reached: format.count(Math.round(step.reached)),
          until: t(`cascades.untilWord.${step.until as 'seen'}`),
        })}
        <span>{price}</span>
      </p>
      <Reach step={step} given={given} give={give} />
    </li>
  )
}

/** The chance of a step and where it comes from; it can be changed to see what that would do. */
function Reach({ step, given, give }: Omit<FunnelStepProps, 'recipients'>) {
  const { t } = useTranslation()
  const format = useFormat()
  const shown = String(Math.round(step.reach * 1_000) / 10)
  const [typed, setTyped] = useState<string | null>(null)
  const from =
    given !== undefined
      ? t('cascades.from.given')
      : step.reachFrom === 'history'
        ? t('cascades.fromHistory', { formatted: format.count(step.tried) })
        : t('cascades.from.assumption')
  return (
    <div className={styles.reach}>
      <TextInput
        size="xs"
        aria-label={t('cascades.reachField', { channel: channelName(step.channel, t) })}
        inputMode="decimal"
        value={typed ?? shown}
        rightSection={<span aria-hidden>%</span>}
        onChange={({ currentTarget: { value } }) => {
          setTyped(value)
          const share = Number(value.replace(',', '.')) / 100
          if (value.trim() !== '' && share >= 0 && share <= 1) give(share)
        }}
        onBlur={() => setTyped(null)}
      />
      <span className={styles.from} data-from={given === undefined ? step.reachFrom : 'given'}>
        {from}
      </span>
      {given !== undefined && (
        <UnstyledButton
          className={styles.reset}
          onClick={() => {
            setTyped(null)
            give(undefined)
          }}
        >
          {t('cascades.reset')}
        </UnstyledButton>
      )}
    </div>
  )
}
