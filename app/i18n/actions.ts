'use server';

// Remembers the language that a visitor chose.
import { cookies } from 'next/headers';
import { LOCALE_COOKIE, type Locale, pickLocale } from '@/app/i18n/locale';

const ONE_YEAR_SECONDS = 31_536_000;

export async function chooseLocale(locale: Locale): Promise<void> {
  (await cookies()).set(LOCALE_COOKIE, pickLocale(locale, null), { maxAge: ONE_YEAR_SECONDS, sameSite: 'lax' });
}
