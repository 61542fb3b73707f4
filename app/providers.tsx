'use client';

// The providers around every page: theme, tooltips and the API client.
import { ThemeProvider } from 'next-themes';
import { Tooltip } from 'radix-ui';
import type { ReactNode } from 'react';
import { TRPCProvider } from '@/app/lib/trpc';

/** `nonce` lets the theme's own inline script run. */
export function Providers({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange nonce={nonce}>
      <TRPCProvider>
        <Tooltip.Provider delayDuration={400}>{children}</Tooltip.Provider>
      </TRPCProvider>
    </ThemeProvider>
  );
}
