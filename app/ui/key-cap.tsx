// The key of a shortcut, drawn as on a keyboard; not on phones, and not for screen readers, which get the shortcut itself.
import { clsx } from 'clsx';
import type { ReactNode } from 'react';

export function KeyCap({ className, children }: { className: string; children: ReactNode }) {
  return (
    <kbd
      aria-hidden
      className={clsx(
        'hidden min-w-5 rounded border border-border bg-muted px-1 font-sans text-xs leading-5 transition-opacity pointer-fine:inline-block',
        className,
      )}
    >
      {children}
    </kbd>
  );
}
