'use client';

// A button with the key that presses it, which screen readers get as its shortcut; the key is faint while a field takes it.
import type { ComponentProps, ReactNode } from 'react';
import { Button } from '@/app/ui/button';

interface KeyButtonProps extends Omit<ComponentProps<typeof Button>, 'children'> {
  shortcut: string;
  isChosen?: boolean;
  children: ReactNode;
}

export function KeyButton({ shortcut, isChosen, children, ...props }: KeyButtonProps) {
  return (
    <Button
      {...props}
      variant={props.variant ?? (isChosen ? 'primary' : 'outline')}
      aria-pressed={isChosen}
      aria-keyshortcuts={shortcut}
    >
      <kbd
        aria-hidden
        className="hidden min-w-5 rounded border border-border bg-muted px-1 font-sans text-foreground text-xs leading-5 transition-opacity group-has-[textarea:focus]/keys:opacity-25 pointer-fine:inline-block"
      >
        {shortcut}
      </kbd>
      {children}
    </Button>
  );
}
