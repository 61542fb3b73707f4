// A person's settings: keys of the API, how to call it, and what was used.
import { ApiExample } from '@/app/settings/api-example';
import { ApiKeys } from '@/app/settings/api-keys';
import { Usage } from '@/app/settings/usage';

export default function SettingsPage() {
  return (
    <>
      <ApiKeys />
      <ApiExample />
      <Usage />
    </>
  );
}
