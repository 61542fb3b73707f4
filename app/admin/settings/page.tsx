// The product's settings.
import { Settings } from '@/app/admin/settings/settings';

export default function SettingsPage() {
  return <Settings />;
}
