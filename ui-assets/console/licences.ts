// What `build.license` does not see: packages bundled into a worker. Their terms are appended to the same file.
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const read = (...path: string[]) => readFileSync(join(import.meta.dirname, ...path), 'utf8')

/** The MP3 encoder lies in a file of its own (`mp3.worker-*.js`), so that it can be replaced as its licence asks. */
export function workerLicences(fileName: string): Plugin {
  return {
    name: 'worker-licences',
    apply: 'build',
    writeBundle({ dir }) {
      const name = '@breezystack/lamejs'
      const { version, license, homepage, repository } = JSON.parse(read('node_modules', name, 'package.json'))
      const texts = [read('node_modules', name, 'LICENSE'), read('licences', 'LGPL-3.0.txt'), read('licences', 'GPL-3.0.txt')]
      const head = `\n## ${name} - ${version} (${license})\n\nMP3 encoder of voice messages, unchanged. Source: ${homepage ?? repository.url}\n\n`
      appendFileSync(join(dir ?? 'dist', fileName), head + texts.join('\n\n---\n\n'))
    },
  }
}
