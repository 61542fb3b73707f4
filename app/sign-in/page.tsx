// The page on which a guest becomes an account, or an account comes back.
import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { SignInForm } from '@/app/sign-in/sign-in-form';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('signIn');
  return { title: t('title') };
}

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const { next } = await searchParams;
  // A path of ours alone: never a way to send someone elsewhere after signing in.
  const target = typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/';
  return <SignInForm target={target} />;
}
