// A person's settings: consent to training, what they say of themselves, password, API keys, usage, and their data.
import { AboutYou } from '@/app/settings/about-you';
import { ApiExample } from '@/app/settings/api-example';
import { ApiKeys } from '@/app/settings/api-keys';
import { PasswordCard } from '@/app/settings/password';
import { TrainingConsent } from '@/app/settings/training-consent';
import { Usage } from '@/app/settings/usage';
import { YourData } from '@/app/settings/your-data';

export default function SettingsPage() {
  return (
    <>
      <TrainingConsent />
      <AboutYou />
      <PasswordCard />
      <ApiKeys />
      <ApiExample />
      <Usage />
      <YourData />
    </>
  );
}
