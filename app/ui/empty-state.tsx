// A dashed frame in place of a list that has nothing in it yet.
import type { ReactNode } from 'react';

export function EmptyState({ children }: { children: ReactNode }) {
  return (
    <p
      role="status"
      className="rounded-2xl border border-border border-dashed p-10 text-center text-muted-foreground text-sm"
    >
      {children}
    </p>
  );
}
