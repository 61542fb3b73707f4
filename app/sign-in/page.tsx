// The page on which a guest creates an account, or signs in to one.
import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { SignInForm } from '@/app/sign-in/sign-in-form';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('signIn');
  return { title: t('title') };
}

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const { next } = await searchParams;
  // Only a path on this site, so that a link cannot send people elsewhere after they sign in.
  const target = typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/';
  return <SignInForm target={target} />;
}
