'use client';

// The signed-in person, and the menu that opens from it: appearance, language, administration, sign-in and sign-out.
import {
  BookOpen,
  ChevronsUpDown,
  Gauge,
  History,
  ListChecks,
  LogIn,
  LogOut,
  Monitor,
  Moon,
  Settings,
  Sun,
  ThumbsUp,
} from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useLocale, useTranslations } from 'next-intl';
import { useTheme } from 'next-themes';
import { chooseLocale } from '@/app/i18n/actions';
import { LOCALES, type Locale } from '@/app/i18n/locale';
import { authClient } from '@/app/lib/auth-client';
import { Menu, MenuItem, MenuLabel, MenuRadioGroup, MenuRadioItem, MenuSeparator } from '@/app/ui/menu';

const THEMES = [
  { theme: 'light', Icon: Sun },
  { theme: 'dark', Icon: Moon },
  { theme: 'system', Icon: Monitor },
] as const;

const LANGUAGE_NAMES: Record<Locale, string> = { en: 'English', ja: '日本語' };

export function AccountMenu() {
  const t = useTranslations('account');
  const router = useRouter();
  const locale = useLocale();
  const { theme, setTheme } = useTheme();
  const user = authClient.useSession().data?.user;
  const isGuest = user?.isAnonymous !== false;
  const name = isGuest ? t('guest') : user.name;

  return (
    <div className="border-border border-t p-2">
      <Menu
        align="start"
        side="top"
        trigger={
          <button
            type="button"
            className="flex w-full items-center gap-3 rounded-xl p-2 text-left transition-colors hover:bg-muted"
          >
            <span
              aria-hidden
              className="grid size-8 shrink-0 place-items-center rounded-full bg-primary-soft font-semibold text-primary-strong text-sm"
            >
              {name.slice(0, 1).toUpperCase()}
            </span>
            <span className="sr-only">{t('menu')}: </span>
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium text-sm">{name}</span>
              <span className="block truncate text-muted-foreground text-xs">
                {isGuest ? t('guestHint') : user.email}
              </span>
            </span>
            <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted-foreground" />
          </button>
        }
      >
        <MenuLabel>{t('theme')}</MenuLabel>
        <MenuRadioGroup value={theme} onValueChange={setTheme}>
          {THEMES.map(({ theme: value, Icon }) => (
            <MenuRadioItem key={value} value={value}>
              <Icon aria-hidden className="size-4" />
              {t(value)}
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuLabel>{t('language')}</MenuLabel>
        <MenuRadioGroup
          value={locale}
          onValueChange={(value) => void chooseLocale(value as Locale).then(() => router.refresh())}
        >
          {LOCALES.map((value) => (
            <MenuRadioItem key={value} value={value}>
              <span lang={value}>{LANGUAGE_NAMES[value]}</span>
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuItem onSelect={() => router.push('/feedback')}>
          <ThumbsUp aria-hidden className="size-4" />
          {t('feedback')}
        </MenuItem>
        <MenuItem onSelect={() => router.push('/changes')}>
          <History aria-hidden className="size-4" />
          {t('changes')}
        </MenuItem>
        <MenuItem onSelect={() => router.push('/settings')}>
          <Settings aria-hidden className="size-4" />
          {t('settings')}
        </MenuItem>
        <MenuItem onSelect={() => router.push('/docs')}>
          <BookOpen aria-hidden className="size-4" />
          {t('docs')}
        </MenuItem>
        {(user?.role === 'rater' || user?.role === 'admin') && (
          <MenuItem onSelect={() => router.push('/rate')}>
            <ListChecks aria-hidden className="size-4" />
            {t('rate')}
          </MenuItem>
        )}
        {user?.role === 'admin' && (
          <MenuItem onSelect={() => router.push('/admin')}>
            <Gauge aria-hidden className="size-4" />
            {t('admin')}
          </MenuItem>
        )}
        {isGuest ? (
          <MenuItem onSelect={() => router.push('/sign-in')}>
            <LogIn aria-hidden className="size-4" />
            {t('signIn')}
          </MenuItem>
        ) : (
          // A full page load, so that nothing that the account saw stays in memory.
          <MenuItem onSelect={() => void authClient.signOut().then(() => window.location.assign('/'))}>
            <LogOut aria-hidden className="size-4" />
            {t('signOut')}
          </MenuItem>
        )}
      </Menu>
    </div>
  );
}
