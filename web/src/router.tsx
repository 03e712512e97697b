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
  cascadesSearch,
  deadLettersSearch,
  deliverySearch,
  paths,
  reportSearch,
  shellSearch,
  subscriberMessagesSearch,
  templateSearch,
  templatesSearch,
  triggerSearch,
  triggersSearch,
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
  validateSearch: cascadesSearch,
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
    ]),
    scrollRestoration: true,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
