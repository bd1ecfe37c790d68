import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    runes: true,
    discloseVersion: false,
    // Names of scoped styles stand at every element: short ones.
    cssHash: ({ hash, filename }) => `s${hash(filename.replace(/^.*\/src\//, '')).slice(0, 4)}`,
  },
};
