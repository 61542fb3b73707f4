'use client';

// A button that brings a reader who scrolled up back to the newest text.
import { ArrowDown } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Button } from '@/app/ui/button';

export function JumpToLatest({ onJump }: { onJump: () => void }) {
  const t = useTranslations('chat');
  return (
    <div className="absolute inset-x-0 -top-12 flex justify-center">
      <Button size="pill" className="animate-rise shadow-float" onClick={onJump}>
        <ArrowDown aria-hidden className="size-4" />
        {t('jump')}
      </Button>
    </div>
  );
}
