import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
  useParams,
} from '@tanstack/react-router'
import { CampaignsPage } from './campaigns/CampaignsPage.tsx'
import {
  cascadeSearch,
  deadLettersSearch,
  deliverySearch,
  liabilitySearch,
  listSearch,
  loyaltyDraftSearch,
  memberSearch,
  paths,
  reportSearch,
  reviewSearch,
  roundSearch,
  shellSearch,
  subscriberMessagesSearch,
  templateSearch,
  templatesSearch,
  triggerSearch,
  triggersSearch,
  webhookSearch,
} from './paths.ts'
import { ReportPage } from './report/ReportPage.tsx'
import { CrashNotice, MissingPlace } from './shell/Failures.tsx'
import { Shell } from './shell/Shell.tsx'

const root = createRootRoute({
  validateSearch: shellSearch,
  search: { middlewares: [retainSearchParams(['lang'])] },
  component: Shell,
  notFoundComponent: MissingPlace,
  errorComponent: CrashNotice,
})

const campaigns = createRoute({ getParentRoute: () => root, path: paths.campaigns, component: CampaignsPage })

const report = createRoute({
  getParentRoute: () => root,
  path: paths.report,
  validateSearch: reportSearch,
  component: function ReportPlace() {
    const { campaignId } = useParams({ from: paths.report })
    return <ReportPage key={campaignId} campaignId={campaignId} />
  },
})

const triggers = createRoute({
  getParentRoute: () => root,
  path: paths.triggers,
  validateSearch: triggersSearch,
  component: lazyRouteComponent(() => import('./triggers/TriggersPage.tsx'), 'TriggersPage'),
})

const trigger = createRoute({
  getParentRoute: () => root,
  path: paths.trigger,
  validateSearch: triggerSearch,
  component: lazyRouteComponent(() => import('./triggers/TriggerPage.tsx'), 'TriggerPage'),
})

const deadLetters = createRoute({
  getParentRoute: () => root,
  path: paths.deadLetters,
  validateSearch: deadLettersSearch,
  component: lazyRouteComponent(() => import('./dead-letters/DeadLettersPage.tsx'), 'DeadLettersPage'),
})

const delivery = createRoute({
  getParentRoute: () => root,
  path: paths.delivery,
  validateSearch: deliverySearch,
  component: lazyRouteComponent(() => import('./delivery/DeliveryPage.tsx'), 'DeliveryPage'),
})

const cascades = createRoute({
  getParentRoute: () => root,
  path: paths.cascades,
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./cascades/CascadesPage.tsx'), 'CascadesPage'),
})

const cascade = createRoute({
  getParentRoute: () => root,
  path: paths.cascade,
  validateSearch: cascadeSearch,
  component: lazyRouteComponent(() => import('./cascades/CascadePage.tsx'), 'CascadePage'),
})

const templates = createRoute({
  getParentRoute: () => root,
  path: paths.templates,
  validateSearch: templatesSearch,
  component: lazyRouteComponent(() => import('./templates/TemplatesPage.tsx'), 'TemplatesPage'),
})

const template = createRoute({
  getParentRoute: () => root,
  path: paths.template,
  validateSearch: templateSearch,
  component: lazyRouteComponent(() => import('./templates/TemplatePage.tsx'), 'TemplatePage'),
})

const subscriberMessages = createRoute({
  getParentRoute: () => root,
  path: paths.subscriberMessages,
  validateSearch: subscriberMessagesSearch,
  component: lazyRouteComponent(
    () => import('./subscriber-messages/SubscriberMessagesPage.tsx'),
    'SubscriberMessagesPage',
  ),
})

const policy = createRoute({
  getParentRoute: () => root,
  path: paths.policy,
  component: lazyRouteComponent(() => import('./policy/PolicyPage.tsx'), 'PolicyPage'),
})

const programmes = createRoute({
  getParentRoute: () => root,
  path: paths.programmes,
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./loyalty/ProgrammesPage.tsx'), 'ProgrammesPage'),
})

const programme = createRoute({
  getParentRoute: () => root,
  path: paths.programme,
  validateSearch: loyaltyDraftSearch,
  component: lazyRouteComponent(() => import('./loyalty/ProgrammePage.tsx'), 'ProgrammePage'),
})

const earnRule = createRoute({
  getParentRoute: () => root,
  path: paths.earnRule,
  validateSearch: loyaltyDraftSearch,
  component: lazyRouteComponent(() => import('./loyalty/EarnRulePage.tsx'), 'EarnRulePage'),
})

const ladder = createRoute({
  getParentRoute: () => root,
  path: paths.ladder,
  validateSearch: loyaltyDraftSearch,
  component: lazyRouteComponent(() => import('./loyalty/LadderPage.tsx'), 'LadderPage'),
})

const part = createRoute({
  getParentRoute: () => root,
  path: paths.part,
  validateSearch: loyaltyDraftSearch,
  component: lazyRouteComponent(() => import('./loyalty/parts/PartPage.tsx'), 'PartPage'),
})

const clubs = createRoute({
  getParentRoute: () => root,
  path: paths.clubs,
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./loyalty/parts/ClubsPage.tsx'), 'ClubsPage'),
})

const exchanges = createRoute({
  getParentRoute: () => root,
  path: paths.exchanges,
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./loyalty/parts/ExchangesPage.tsx'), 'ExchangesPage'),
})

const rounds = createRoute({
  getParentRoute: () => root,
  path: paths.rounds,
  validateSearch: roundSearch,
  component: lazyRouteComponent(() => import('./loyalty/parts/RoundPage.tsx'), 'RoundPage'),
})

const member = createRoute({
  getParentRoute: () => root,
  path: paths.member,
  validateSearch: memberSearch,
  component: lazyRouteComponent(() => import('./loyalty/MemberPage.tsx'), 'MemberPage'),
})

const liability = createRoute({
  getParentRoute: () => root,
  path: paths.liability,
  validateSearch: liabilitySearch,
  component: lazyRouteComponent(() => import('./loyalty/LiabilityPage.tsx'), 'LiabilityPage'),
})

const rewards = createRoute({
  getParentRoute: () => root,
  path: paths.rewards,
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./loyalty/RewardsPage.tsx'), 'RewardsPage'),
})

const reward = createRoute({
  getParentRoute: () => root,
  path: paths.reward,
  validateSearch: loyaltyDraftSearch,
  component: lazyRouteComponent(() => import('./loyalty/RewardPage.tsx'), 'RewardPage'),
})

const review = createRoute({
  getParentRoute: () => root,
  path: paths.review,
  validateSearch: reviewSearch,
  component: lazyRouteComponent(() => import('./loyalty/ReviewPage.tsx'), 'ReviewPage'),
})

const webhooks = createRoute({
  getParentRoute: () => root,
  path: paths.webhooks,
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./webhooks/WebhooksPage.tsx'), 'WebhooksPage'),
})

const webhook = createRoute({
  getParentRoute: () => root,
  path: paths.webhook,
  validateSearch: webhookSearch,
  component: lazyRouteComponent(() => import('./webhooks/WebhookPage.tsx'), 'WebhookPage'),
})

/** The console's router. */
export const makeRouter = () =>
  createRouter({
    routeTree: root.addChildren([
      campaigns,
      report,
      triggers,
      trigger,
      deadLetters,
      delivery,
      cascades,
      cascade,
      templates,
      template,
      subscriberMessages,
      policy,
      programmes,
      programme,
      earnRule,
      ladder,
      part,
      clubs,
      exchanges,
      rounds,
      member,
      liability,
      rewards,
      reward,
      review,
      webhooks,
      webhook,
    ]),
    scrollRestoration: true,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
