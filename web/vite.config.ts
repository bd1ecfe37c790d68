import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const at = (path: string) => new URL(path, import.meta.url);

/** The script that sets the theme before the first paint: a plain one, so that nothing waits for it. */
function themeBoot(): Plugin {
  const source = readFileSync(at('src/theme-boot.js'));
  const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8);
  const fileName = `assets/theme-${hash}.js`;
  return {
    name: 'theme-boot',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'asset', fileName, source });
    },
    transformIndexHtml: () => [
      { tag: 'script', attrs: { src: `/${fileName}` }, injectTo: 'head-prepend' },
    ],
  };
}

/** The licence of the vendored documentation viewer travels with it. */
function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    buildStart() {
      for (const name of ['LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt']) {
        const source = readFileSync(at(`node_modules/swagger-ui-dist/${name}`));
        this.emitFile({ type: 'asset', fileName: `assets/docs/${name}`, source });
      }
    },
  };
}

const SHARED =
  /node_modules\/svelte|src\/(?:api|lib|styles)\/(?!work)|index\.svelte\.ts|parts\/(?:Account|Ago|Header|Icon|Lost|Menu|Settings|Shape|Trouble|Unguarded)\.|report\/(?:Cell|labels)\.|src\/App\.svelte|pages\/index\.ts/;

const server = process.env.TATUSCAN_URL ?? 'http://127.0.0.1:8040';
const proxy = { '/api': server, '/openapi.json': server };

export default defineConfig({
  plugins: [svelte(), themeBoot(), licences()],
  server: { proxy },
  preview: { proxy },
  build: {
    target: ['chrome111', 'firefox115', 'safari16.4'],
    assetsInlineLimit: 0,
    // Styles have to be named beforehand; scripts name what they need themselves.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, deps, { hostType }) =>
        hostType === 'html' ? deps : deps.filter((dep) => /(?<!app-[^/]*)\.css$/.test(dep)),
    },
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: { index: 'index.html', docs: 'docs.html' },
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
        // What every page uses is one file, so that a page is a few requests.
        codeSplitting: {
          groups: [{ name: 'app', test: SHARED }],
        },
      },
    },
  },
  test: { include: ['test/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
