import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Built to `web/dist`, which the server hands out; while developing, calls go to the server at TENURE_URL. */
export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, chunkSizeWarningLimit: 750 },
  server: { proxy: { '/v1': process.env['TENURE_URL'] ?? 'http://127.0.0.1:8080' } },
})
