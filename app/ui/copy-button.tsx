'use client';

// Copies a text, and shows for two seconds whether that worked.
import { Check, Copy, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { copyText } from '@/app/lib/secure-context';
import { IconButton } from '@/app/ui/icon-button';

const SHOWN_MS = 2000;
const ICONS = {
  idle: <Copy aria-hidden className="size-4" />,
  copied: <Check aria-hidden className="size-4 text-primary" />,
  notCopied: <X aria-hidden className="size-4 text-danger" />,
} as const;

interface CopyButtonProps {
  text: string;
  label: string;
  onCopy?: () => void;
}

export function CopyButton({ text, label, onCopy }: CopyButtonProps) {
  const t = useTranslations('chat');
  const [state, setState] = useState<keyof typeof ICONS>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <IconButton
      label={state === 'idle' ? label : t(state)}
      onClick={() =>
        copyText(text).then(
          () => {
            setState('copied');
            onCopy?.();
          },
          () => setState('notCopied'),
        )
      }
    >
      {ICONS[state]}
    </IconButton>
  );
}
