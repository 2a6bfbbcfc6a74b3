import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `pnpm --filter @flexaction/console dev` serves the page with reloading, and asks a gateway on GATEWAY for the rest.
const gateway = process.env.GATEWAY ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  // Files find each other by where they are: a proxy may put a path before all of them. The gateway tells the page which.
  base: './',
  server: { proxy: { '/api': gateway, '/queues': gateway } },
  // No inline scripts, and no inlined images: the gateway's policy allows neither.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1_000 },
})
