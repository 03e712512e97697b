import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { startLanguages } from './languages/setup.ts'
import { makeRouter } from './router.tsx'
import { takeKeyFromAddress } from './session.ts'
import { greys, theme } from './theme.ts'
import './styles.css'

const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: false, networkMode: 'always', refetchOnWindowFocus: true } },
})

takeKeyFromAddress()
window.addEventListener('hashchange', takeKeyFromAddress)
await startLanguages()

const root = document.querySelector('#root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={greys} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={makeRouter()} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
