'use client';

// Deletes the account, after saying what goes and what stays, once the person has typed their address.
import { useMutation } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { authClient } from '@/app/lib/auth-client';
import { useTRPC } from '@/app/lib/trpc';
import { codeOf, useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { TextField } from '@/app/ui/field';
import { confirmationOf, isConfirmed } from '@/core/text/confirmation';

export function DeleteAccount() {
  const t = useTranslations('settings');
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button variant="danger" onClick={() => setIsOpen(true)}>
        {t('deleteAccount')}
      </Button>
      <Dialog isOpen={isOpen} onOpenChange={setIsOpen} title={t('deleteAccountTitle')} text={t('deleteAccountGone')}>
        <ul className="mt-4 list-disc space-y-2 pl-5 text-muted-foreground text-sm">
          <li>{t('deleteAccountData')}</li>
          <li>{t('deleteAccountVersions')}</li>
        </ul>
        <Confirmation onCancel={() => setIsOpen(false)} />
      </Dialog>
    </>
  );
}

function Confirmation({ onCancel }: { onCancel: () => void }) {
  const t = useTranslations('settings');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const user = authClient.useSession().data?.user;
  const [isMistyped, setIsMistyped] = useState(false);
  const removal = useMutation(
    trpc.account.remove.mutationOptions({
      // A full page load, so that nothing that the account saw stays in memory.
      onSuccess: () => window.location.assign('/'),
    }),
  );
  if (!user) return null;
  const word = confirmationOf({ email: user.email, isAnonymous: user.isAnonymous !== false });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const confirmation = String(new FormData(event.currentTarget).get('confirmation'));
    const isRight = isConfirmed(confirmation, word);
    setIsMistyped(!isRight);
    if (isRight) removal.mutate({ confirmation });
  };
  const refusal =
    removal.error && (codeOf(removal.error) === 'CONFLICT' ? t('deleteAccountLastAdmin') : sentenceOf(removal.error));
  const mistake = isMistyped ? t('deleteAccountMistyped', { word }) : null;
  return (
    <form onSubmit={submit} className="mt-5 space-y-4">
      <TextField
        label={t('deleteAccountType', { word })}
        name="confirmation"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        required
        error={refusal ?? mistake}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{app('cancel')}</Button>
        <Button type="submit" variant="danger" isBusy={removal.isPending || removal.isSuccess}>
          {t('deleteAccountDo')}
        </Button>
      </div>
    </form>
  );
}
