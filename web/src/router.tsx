import {
  createRootRoute,
  createRoute,
  createRouter,
  retainSearchParams,
  useParams,
} from '@tanstack/react-router'
import { CampaignsPage } from './campaigns/CampaignsPage.tsx'
import { paths, reportSearch, shellSearch } from './paths.ts'
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

/** The console's router. */
export const makeRouter = () =>
  createRouter({ routeTree: root.addChildren([campaigns, report]), scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
