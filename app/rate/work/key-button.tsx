'use client';

// A button with the key that presses it; the key is faint while a field takes it.
import type { ComponentProps, ReactNode } from 'react';
import { Button } from '@/app/ui/button';
import { KeyCap } from '@/app/ui/key-cap';

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
      <KeyCap className="text-foreground group-has-[textarea:focus]/keys:opacity-25">{shortcut}</KeyCap>
      {children}
    </Button>
  );
}
