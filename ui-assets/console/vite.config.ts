/// <reference types="vitest/config" />
import { fileURLToPath, URL } from 'node:url'
import VueI18nPlugin from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vite'
import { workerLicences } from './licences.ts'

const LICENCES = 'licenses.txt'

// The running server that `npm run dev` forwards API, media, channel and widget requests to.
const server = process.env.WEIKEFU_URL ?? 'http://127.0.0.1:8420'
const proxied = { target: server, changeOrigin: true, ws: true }

export default defineConfig({
  base: '/',
  plugins: [
    vue(),
    // Messages are compiled at build time: the page needs neither the message compiler nor eval.
    VueI18nPlugin({
      include: [fileURLToPath(new URL('./src/i18n/locales/*.json', import.meta.url))],
      runtimeOnly: true,
      compositionOnly: true,
      dropMessageCompiler: true,
    }),
    Components({ resolvers: [ElementPlusResolver({ importStyle: 'css' })], dts: 'src/components.d.ts', dirs: [] }),
    workerLicences(LICENCES),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': proxied, '/m': proxied, '/c': proxied, '/w': proxied } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    // Licences of what is bundled travel with it; the account page leads there.
    license: { fileName: LICENCES },
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    restoreMocks: true,
    server: { deps: { inline: ['element-plus'] } },
  },
})
