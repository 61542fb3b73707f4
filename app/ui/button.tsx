// The product's buttons: one primary, quiet ones for the rest, and square ones for icons.
import { clsx } from 'clsx';
import { LoaderCircle } from 'lucide-react';
import type { ComponentProps } from 'react';

const VARIANTS = {
  primary: 'bg-primary text-primary-foreground hover:bg-primary-strong',
  outline: 'border border-border bg-card text-foreground hover:bg-muted',
  quiet: 'text-muted-foreground hover:bg-muted hover:text-foreground',
  danger: 'bg-danger text-background hover:opacity-90',
} as const;

const SIZES = {
  small: 'h-8 gap-1.5 rounded-lg px-3 text-sm',
  medium: 'h-10 gap-2 rounded-xl px-4 text-sm',
  icon: 'size-8 rounded-lg pointer-coarse:size-10',
  round: 'size-9 rounded-full pointer-coarse:size-10',
  pill: 'h-8 gap-1.5 rounded-full px-3.5 text-sm',
} as const;

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: keyof typeof VARIANTS;
  size?: keyof typeof SIZES;
  isBusy?: boolean;
}

export const buttonClass = (variant: keyof typeof VARIANTS, size: keyof typeof SIZES, extra?: string) =>
  clsx(
    'inline-flex shrink-0 select-none items-center justify-center font-medium whitespace-nowrap transition-colors',
    'disabled:pointer-events-none disabled:opacity-45',
    VARIANTS[variant],
    SIZES[size],
    extra,
  );

export function Button({ variant = 'outline', size = 'medium', isBusy, className, children, ...props }: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      disabled={props.disabled || isBusy}
      aria-busy={isBusy || undefined}
      className={buttonClass(variant, size, className)}
    >
      {isBusy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  );
}
