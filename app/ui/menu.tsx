'use client';

// A drop-down menu with the product's look.
import { clsx } from 'clsx';
import { Check } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';

const ITEM =
  'flex min-h-9 cursor-default select-none items-center gap-2.5 rounded-lg px-2.5 text-sm outline-none data-highlighted:bg-muted pointer-coarse:min-h-11';

export function Menu({
  trigger,
  children,
  ...content
}: { trigger: ReactNode } & ComponentProps<typeof DropdownMenu.Content>) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          sideOffset={6}
          collisionPadding={8}
          {...content}
          className="z-50 min-w-44 animate-fade rounded-xl border border-border bg-popover p-1.5 shadow-float"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuItem({ isDanger, ...props }: ComponentProps<typeof DropdownMenu.Item> & { isDanger?: boolean }) {
  return <DropdownMenu.Item {...props} className={clsx(ITEM, isDanger && 'text-danger')} />;
}

export function MenuLabel(props: ComponentProps<typeof DropdownMenu.Label>) {
  return <DropdownMenu.Label {...props} className="px-2.5 pt-2 pb-1 font-medium text-muted-foreground text-xs" />;
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="-mx-1.5 my-1.5 h-px bg-border" />;
}

export const MenuRadioGroup = DropdownMenu.RadioGroup;

export function MenuRadioItem({ children, ...props }: ComponentProps<typeof DropdownMenu.RadioItem>) {
  return (
    <DropdownMenu.RadioItem {...props} className={clsx(ITEM, 'justify-between')}>
      <span className="flex items-center gap-2.5">{children}</span>
      <DropdownMenu.ItemIndicator>
        <Check aria-hidden className="size-4 text-primary" />
      </DropdownMenu.ItemIndicator>
    </DropdownMenu.RadioItem>
  );
}
