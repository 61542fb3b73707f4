// One tag of a version.
import type { ReactNode } from 'react';

export function Tag({ children }: { children: ReactNode }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1 rounded-full border border-border px-2 py-0.5 text-xs wrap-anywhere">
      {children}
    </span>
  );
}
