'use client';

// What every page stands on: theme, tooltips, and the API client.
import { ThemeProvider } from 'next-themes';
import { Tooltip } from 'radix-ui';
import type { ReactNode } from 'react';
import { TRPCProvider } from '@/app/lib/trpc';

export function Providers({ children }: { children: ReactNode }) {
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange>
      <TRPCProvider>
        <Tooltip.Provider delayDuration={400}>{children}</Tooltip.Provider>
      </TRPCProvider>
    </ThemeProvider>
  );
}
