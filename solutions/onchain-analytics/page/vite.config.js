import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Addresses relative to the page: a website of S3 may lie at any host.
export default defineConfig({
  base: './',
  plugins: [react()],
  build: { chunkSizeWarningLimit: 1500 },
});
