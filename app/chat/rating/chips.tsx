'use client';

// Small ticks in a row that wraps: reasons, flaws, and steps of which only one can be chosen.
import { clsx } from 'clsx';

const CHIP =
  'inline-flex min-h-8 items-center rounded-full border border-border px-3 text-sm transition-colors hover:bg-muted has-checked:border-primary has-checked:bg-primary-soft has-focus-visible:outline-2 has-focus-visible:outline-primary has-focus-visible:outline-offset-2 pointer-coarse:min-h-11';

interface ChipProps {
  label: string;
  isOn: boolean;
  /** Radio buttons of one name exclude each other. */
  name?: string;
  className?: string;
  onChange: (isOn: boolean) => void;
}

export function Chip({ label, isOn, name, className, onChange }: ChipProps) {
  return (
    <label className={clsx(CHIP, className)}>
      <input
        type={name ? 'radio' : 'checkbox'}
        {...(name && { name })}
        className="sr-only"
        checked={isOn}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
