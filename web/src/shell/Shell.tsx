import { Burger, Button, CloseButton, Drawer } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconArrowsExchange,
  IconAward,
  IconBolt,
  IconChartFunnel,
  IconDeviceMobileMessage,
  IconEyeExclamation,
  IconDice5,
  IconGift,
  IconId,
  IconLogout,
  IconMailOff,
  IconScale,
  IconShieldCheck,
  IconSpeakerphone,
  IconStairs,
  IconUserSearch,
  IconUsersGroup,
  IconWebhook,
} from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { preferredLanguage, showLanguage } from '../languages/setup.ts'
import { paths } from '../paths.ts'
import { signOut, useSession } from '../session.ts'
import { LanguageSwitch, SchemeSwitch } from './Switches.tsx'
import { SignIn } from './SignIn.tsx'
import styles from './shell.module.css'

/** The frame of every page: where one can go, the language, the colours; or the sign-in card. */
export function Shell() {
  const { key } = useSession()
  const queryClient = useQueryClient()
  const { lang } = useSearch({ from: '__root__' })
  useEffect(() => {
    void showLanguage(preferredLanguage(lang), lang !== undefined)
  }, [lang])
  useEffect(() => {
    if (key === null) queryClient.clear()
  }, [key, queryClient])
  return key === null ? <SignIn /> : <Frame key={key} />
}

function Frame() {
  const { t } = useTranslation()
  const [open, drawer] = useDisclosure(false)
  const { pathname } = useLocation()
  useEffect(drawer.close, [pathname, drawer.close])
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#content">
        {t('shell.skipToContent')}
      </a>
      <aside className={styles.side}>
        <Brand />
        <Places />
      </aside>
      <header className={styles.bar}>
        <Burger opened={open} onClick={drawer.toggle} size="sm" aria-label={t('shell.openPlaces')} />
        <Brand />
      </header>
      <Drawer.Root opened={open} onClose={drawer.close} size={280} padding={12}>
        <Drawer.Overlay />
        <Drawer.Content aria-label={t('shell.places')}>
          <Drawer.Body className={styles.drawer}>
            <div className={styles.drawerHead}>
              <Brand />
              <CloseButton onClick={drawer.close} size="lg" aria-label={t('shell.closePlaces')} />
            </div>
            <Places />
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      <main id="content" className={styles.content} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  )
}

const Brand = () => <span className={styles.brand}>Tenure</span>

/** Where one can go; `also` begins the addresses of the pages behind it. */
const PLACES = [
  { place: 'campaigns', to: paths.campaigns, also: '/campaigns', Icon: IconSpeakerphone },
  { place: 'triggers', to: paths.triggers, also: paths.triggers, Icon: IconBolt },
  { place: 'deadLetters', to: paths.deadLetters, also: paths.deadLetters, Icon: IconMailOff },
  { place: 'webhooks', to: paths.webhooks, also: paths.webhooks, Icon: IconWebhook },
] as const

/** The same for what is said to subscribers. */
const MESSAGE_PLACES = [
  { place: 'delivery', to: paths.delivery, also: paths.delivery, Icon: IconChartFunnel },
  { place: 'cascades', to: paths.cascades, also: paths.cascades, Icon: IconStairs },
  { place: 'templates', to: paths.templates, also: paths.templates, Icon: IconDeviceMobileMessage },
  {
    place: 'subscriberMessages',
    to: paths.subscriberMessages,
    also: paths.subscriberMessages,
    Icon: IconUserSearch,
  },
  { place: 'policy', to: paths.policy, also: paths.policy, Icon: IconShieldCheck },
] as const

/** The same for points. */
const LOYALTY_PLACES = [
  { place: 'programmes', to: paths.programmes, also: paths.programmes, Icon: IconAward },
  { place: 'member', to: paths.member, also: paths.member, Icon: IconId },
  { place: 'rewards', to: paths.rewards, also: paths.rewards, Icon: IconGift },
  { place: 'clubs', to: paths.clubs, also: paths.clubs, Icon: IconUsersGroup },
  { place: 'exchanges', to: paths.exchanges, also: paths.exchanges, Icon: IconArrowsExchange },
  { place: 'rounds', to: paths.rounds, also: paths.rounds, Icon: IconDice5 },
  { place: 'review', to: paths.review, also: paths.review, Icon: IconEyeExclamation },
  { place: 'liability', to: paths.liability, also: paths.liability, Icon: IconScale },
] as const

type Place = (typeof PLACES | typeof MESSAGE_PLACES | typeof LOYALTY_PLACES)[number]

function Places() {
  const { t } = useTranslation()
  return (
    <div className={styles.places}>
      <nav aria-label={t('shell.places')}>
        {PLACES.map((one) => (
          <PlaceLink key={one.place} {...one} />
        ))}
        <p className={styles.group}>{t('shell.messages')}</p>
        {MESSAGE_PLACES.map((one) => (
          <PlaceLink key={one.place} {...one} />
        ))}
        <p className={styles.group}>{t('shell.loyalty')}</p>
        {LOYALTY_PLACES.map((one) => (
          <PlaceLink key={one.place} {...one} />
        ))}
      </nav>
      <div className={styles.settings}>
        <LanguageSwitch />
        <SchemeSwitch />
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          className={styles.signOut}
          leftSection={<IconLogout size={16} stroke={1.6} aria-hidden />}
          onClick={() => signOut()}
        >
          {t('shell.signOut')}
        </Button>
      </div>
    </div>
  )
}

function PlaceLink({ place, to, also, Icon }: Place) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  return (
    <Link
      to={to}
      className={styles.place}
      data-active={to === pathname || pathname.startsWith(also) || undefined}
    >
      <Icon size={18} stroke={1.6} aria-hidden />
      {t(`shell.place.${place}`)}
    </Link>
  )
}
