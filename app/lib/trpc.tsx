'use client';

// The browser's tRPC client: queries and writes in batches, subscriptions as server-sent events.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
} from '@trpc/client';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import { type ReactNode, useState } from 'react';
import superjson from 'superjson';
import type { AppRouter } from '@/server/routers';

const URL_PATH = '/api/trpc';
const CONTEXT = createTRPCContext<AppRouter>();
export const { useTRPC, useTRPCClient } = CONTEXT;

/** Retries help with a lost connection or a restarting engine, but not with refused input. */
const canRetryHelp = (error: Error) => {
  const status: unknown = error instanceof TRPCClientError ? error.data?.httpStatus : undefined;
  return typeof status !== 'number' || status >= 500;
};

const createQueryClient = () =>
  new QueryClient({
    defaultOptions: {
      // `always`: when offline, a call fails and reports it, rather than waiting silently.
      queries: {
        networkMode: 'always',
        staleTime: 30_000,
        retry: (failures, error) => failures < 2 && canRetryHelp(error),
      },
      mutations: { networkMode: 'always' },
    },
  });

const createClient = () =>
  createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url: URL_PATH, transformer: superjson }),
        false: splitLink({
          // A small call that is sent while the page is being left.
          condition: ({ context }) => context.outlivesPage === true,
          true: httpLink({
            url: URL_PATH,
            transformer: superjson,
            fetch: (url, options) => fetch(url, { ...(options as RequestInit), keepalive: true }),
          }),
          false: httpBatchLink({ url: URL_PATH, transformer: superjson }),
        }),
      }),
    ],
  });

export function TRPCProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(createClient);
  return (
    <QueryClientProvider client={queryClient}>
      <CONTEXT.TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </CONTEXT.TRPCProvider>
    </QueryClientProvider>
  );
}
