// Gives next-intl the language and messages of one request.
import { cookies, headers } from 'next/headers';
import { getRequestConfig } from 'next-intl/server';
import { LOCALE_COOKIE, pickLocale } from '@/app/i18n/locale';

export default getRequestConfig(async () => {
  const locale = pickLocale((await cookies()).get(LOCALE_COOKIE)?.value, (await headers()).get('accept-language'));
  const messages = locale === 'ja' ? await import('@/app/i18n/ja.json') : await import('@/app/i18n/en.json');
  return { locale, messages: messages.default, timeZone: 'UTC' };
});
