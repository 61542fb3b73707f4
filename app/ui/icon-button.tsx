'use client';

// An icon button with a name, which is its tooltip and what a screen reader says.
import { Tooltip } from 'radix-ui';
import { Button, type ButtonProps } from '@/app/ui/button';

export function IconButton({ label, children, ...props }: ButtonProps & { label: string }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <Button variant="quiet" size="icon" {...props} aria-label={label}>
          {children}
        </Button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          className="z-50 animate-fade rounded-md bg-foreground px-2 py-1 text-background text-xs"
        >
          {label}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
