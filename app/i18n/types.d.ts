// Makes an unknown message key or locale a type error.

import type messages from '@/app/i18n/en.json';
import type { Locale } from '@/app/i18n/locale';

declare module 'next-intl' {
  interface AppConfig {
    Locale: Locale;
    Messages: typeof messages;
  }
}
