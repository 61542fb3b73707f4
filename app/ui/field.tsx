// Labelled form fields: a label, the control, and a hint or error that belongs to it.
import { clsx } from 'clsx';
import { type ComponentProps, type ReactNode, useId } from 'react';

export const CONTROL =
  'w-full rounded-xl border border-input bg-background px-3.5 text-base text-foreground placeholder:text-muted-foreground sm:text-sm';

/** A list of choices; a text that is too long for it ends in an ellipsis beside the arrow. */
export const SELECT = `${CONTROL} h-11 text-ellipsis pe-2 sm:h-10`;

interface FieldProps {
  label: string;
  /** Hides the label when a heading already says it; screen readers still get it. */
  isLabelHidden?: boolean;
  hint?: string;
  /** A hint about keys, hidden where there is no keyboard. */
  keyHint?: string;
  error?: string | null;
  children: (control: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ReactNode;
}

export function Field({ label, isLabelHidden, hint, keyHint, error, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint ?? keyHint;
  const isForKeys = note !== undefined && note === keyHint;
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className={isLabelHidden ? 'sr-only' : 'block font-medium text-sm'}>
        {label}
      </label>
      {children({ id, 'aria-describedby': note ? `${id}-note` : undefined, 'aria-invalid': Boolean(error) })}
      {note && (
        <p
          id={`${id}-note`}
          className={clsx(
            'text-xs',
            error ? 'text-danger' : 'text-muted-foreground',
            isForKeys && 'pointer-coarse:hidden',
          )}
        >
          {note}
        </p>
      )}
    </div>
  );
}

type Labelled = Pick<FieldProps, 'label' | 'isLabelHidden' | 'hint' | 'keyHint' | 'error'>;

export function TextField({ label, isLabelHidden, hint, error, ...props }: Labelled & ComponentProps<'input'>) {
  return (
    <Field label={label} isLabelHidden={isLabelHidden} hint={hint} error={error}>
      {(control) => <input {...props} {...control} className={clsx(CONTROL, 'h-11 sm:h-10')} />}
    </Field>
  );
}

export function TextArea({
  label,
  isLabelHidden,
  hint,
  keyHint,
  error,
  className,
  ...props
}: Labelled & ComponentProps<'textarea'>) {
  return (
    <Field label={label} isLabelHidden={isLabelHidden} hint={hint} keyHint={keyHint} error={error}>
      {(control) => <textarea {...props} {...control} className={clsx(CONTROL, 'py-2.5', className)} />}
    </Field>
  );
}
