'use client';

// Sets an account's first password, or changes its password.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { Loaded } from '@/app/admin/loaded';
import { authClient, failureOf } from '@/app/lib/auth-client';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { useSignInSentence } from '@/app/lib/use-sign-in-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { MIN_PASSWORD, TEXT_LIMITS } from '@/core/text/text-limits';

/** Not shown to guests, who get a password with an account. */
export function PasswordCard() {
  const t = useTranslations('settings');
  const trpc = useTRPC();
  const user = authClient.useSession().data?.user;
  const isMember = user?.isAnonymous === false;
  const query = useQuery(trpc.account.hasPassword.queryOptions(undefined, { enabled: isMember }));
  if (!isMember) return null;
  return (
    <Card title={t('password')}>
      <Loaded query={query}>{(hasPassword) => <PasswordForm email={user.email} hasPassword={hasPassword} />}</Loaded>
    </Card>
  );
}

function PasswordForm({ email, hasPassword }: { email: string; hasPassword: boolean }) {
  const t = useTranslations('settings');
  const signIn = useTranslations('signIn');
  const sentenceOf = useErrorSentence();
  const signInSentenceOf = useSignInSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isBusy, setIsBusy] = useState(false);
  const [reason, setReason] = useState<string | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const setFirst = useMutation(trpc.account.setFirstPassword.mutationOptions());

  const save = async (form: FormData): Promise<string | null> => {
    const password = String(form.get('new'));
    if (!hasPassword) return setFirst.mutateAsync({ password }).then(() => null, sentenceOf);
    const currentPassword = String(form.get('present'));
    const change = { currentPassword, newPassword: password, revokeOtherSessions: true };
    const error = await failureOf(authClient.changePassword(change));
    return error && signInSentenceOf(error);
  };
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setIsBusy(true);
    setDone(null);
    const failure = await save(new FormData(form));
    setReason(failure);
    setIsBusy(false);
    if (failure) return;
    setDone(hasPassword ? t('passwordChanged') : t('passwordSaved'));
    form.reset();
    await client.invalidateQueries({ queryKey: trpc.account.pathKey() });
  };
  return (
    <form onSubmit={submit} className="max-w-sm space-y-4">
      <p className="text-muted-foreground text-sm">{hasPassword ? t('passwordText') : t('passwordNone')}</p>
      {/* A password manager files the password under this name. */}
      <input type="hidden" name="username" autoComplete="username" value={email} />
      {hasPassword && (
        <TextField
          label={t('passwordPresent')}
          name="present"
          type="password"
          autoComplete="current-password"
          required
        />
      )}
      <TextField
        label={t('passwordNew')}
        name="new"
        type="password"
        autoComplete="new-password"
        required
        minLength={MIN_PASSWORD}
        maxLength={TEXT_LIMITS.password}
        hint={signIn('passwordHint')}
      />
      {reason && <Notice kind="error">{reason}</Notice>}
      {done && <Notice kind="info">{done}</Notice>}
      <Button type="submit" variant="primary" isBusy={isBusy}>
        {t('passwordSave')}
      </Button>
    </form>
  );
}
