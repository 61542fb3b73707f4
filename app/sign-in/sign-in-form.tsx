'use client';

// Signs in or signs up with email and password; the guest's conversations move to the account.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { authClient, failureOf } from '@/app/lib/auth-client';
import { useSignInSentence } from '@/app/lib/use-sign-in-sentence';
import { Button } from '@/app/ui/button';
import { TextField } from '@/app/ui/field';
import { Logo } from '@/app/ui/logo';
import { Notice } from '@/app/ui/notice';
import { MIN_PASSWORD, TEXT_LIMITS } from '@/core/text/text-limits';

export function SignInForm({ target }: { target: string }) {
  const t = useTranslations('signIn');
  const app = useTranslations('app');
  const sentenceOf = useSignInSentence();
  const [isNew, setIsNew] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [reason, setReason] = useState<string | null>(null);

  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '');
    const login = { email: text('email').trim(), password: text('password') };
    setIsBusy(true);
    const error = await failureOf(
      isNew
        ? authClient.signUp.email({ ...login, name: text('name').trim() || login.email })
        : authClient.signIn.email(login),
    );
    // A full page load, because what the guest had in memory now belongs to another account.
    if (!error) return window.location.assign(target);
    setReason(sentenceOf(error));
    setIsBusy(false);
  };

  return (
    <main id="main" className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm">
        <Link href="/" className="inline-flex items-center gap-2.5 rounded-lg font-semibold tracking-tight">
          <Logo className="size-9" />
          {app('name')}
        </Link>
        <h1 className="mt-8 font-semibold text-2xl tracking-tight">{isNew ? t('titleNew') : t('title')}</h1>
        <p className="mt-2 text-muted-foreground text-sm">{t('text')}</p>
        <form onSubmit={submit} className="mt-6 space-y-4">
          {isNew && (
            <TextField label={t('name')} name="name" autoComplete="name" required maxLength={TEXT_LIMITS.personName} />
          )}
          <TextField label={t('email')} name="email" type="email" autoComplete="email" required />
          <TextField
            label={t('password')}
            name="password"
            type="password"
            autoComplete={isNew ? 'new-password' : 'current-password'}
            required
            minLength={MIN_PASSWORD}
            hint={isNew ? t('passwordHint') : undefined}
          />
          {reason && <Notice kind="error">{reason}</Notice>}
          <Button type="submit" variant="primary" className="w-full" isBusy={isBusy}>
            {isNew ? t('submitNew') : t('submit')}
          </Button>
        </form>
        <p className="mt-6 text-center text-muted-foreground text-sm">
          {isNew ? t('toOld') : t('toNew')}{' '}
          <button
            type="button"
            className="rounded font-medium text-primary-strong underline underline-offset-4"
            onClick={() => {
              setIsNew(!isNew);
              setReason(null);
            }}
          >
            {isNew ? t('submit') : t('submitNew')}
          </button>
        </p>
      </div>
    </main>
  );
}
