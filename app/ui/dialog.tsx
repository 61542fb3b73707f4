'use client';

// A modal window with a title, a text and its content; `ConfirmDialog` asks before something that cannot be undone.
import { X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { keepOpenWhileComposing } from '@/app/lib/keys';
import { Button } from '@/app/ui/button';

interface DialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: string;
  text?: string;
  children: ReactNode;
}

export function Dialog({ isOpen, onOpenChange, title, text, children }: DialogProps) {
  const t = useTranslations('app');
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45" />
        <Radix.Content
          {...(text ? {} : { 'aria-describedby': undefined })}
          onEscapeKeyDown={keepOpenWhileComposing}
          className="fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-md -translate-x-1/2 -translate-y-1/2 animate-fade overflow-y-auto rounded-2xl border border-border bg-card p-6 shadow-float"
        >
          <Radix.Title className="pr-8 font-semibold text-lg">{title}</Radix.Title>
          {text && <Radix.Description className="mt-2 text-muted-foreground text-sm">{text}</Radix.Description>}
          {children}
          <Radix.Close asChild>
            <Button variant="quiet" size="icon" aria-label={t('close')} className="absolute top-4 right-4">
              <X aria-hidden className="size-4" />
            </Button>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps extends Omit<DialogProps, 'children'> {
  action: string;
  /** Where "Cancel" could be read as the action itself. */
  dismiss?: string;
  variant?: 'primary' | 'danger';
  isBusy?: boolean;
  error?: string | null;
  /** What is asked in addition to the text. */
  children?: ReactNode;
  onConfirm: () => void;
}

export function ConfirmDialog({
  action,
  dismiss,
  variant = 'primary',
  isBusy,
  error,
  onConfirm,
  children,
  ...props
}: ConfirmProps) {
  const t = useTranslations('app');
  return (
    <Dialog {...props}>
      {children}
      {error && (
        <p role="alert" className="mt-4 text-danger text-sm">
          {error}
        </p>
      )}
      <div className="mt-6 flex justify-end gap-2">
        <Button onClick={() => props.onOpenChange(false)}>{dismiss ?? t('cancel')}</Button>
        <Button variant={variant} isBusy={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
