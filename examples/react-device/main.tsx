/** A device that sends heartbeats by Momento's browser SDK, and shows how many devices of its account do. */
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { askAs, readConfig, type Ask } from '../service.ts';
import { idTokenOf, signIn } from '../sign-in.ts';
import { Device } from './device.tsx';
import { SignInForm } from './sign-in-form.tsx';

const config = await readConfig('/config.json');
const mediaId = new URLSearchParams(location.search).get('id') ?? 'harbour';

function App() {
  const [ask, setAsk] = useState<Ask>();
  if (ask) return <Device ask={ask} deviceId={ownDeviceId()} mediaId={mediaId} />;

  async function onSignIn(email: string, password: string): Promise<void> {
    const user = await signIn(config, email, password);
    setAsk(() => askAs({ apiUrl: config.apiUrl, idToken: () => idTokenOf(user) }));
  }
  return <SignInForm demoUser={config.demoUser} onSignIn={onSignIn} />;
}

/** One per browser, and the same after a reload. */
function ownDeviceId(): string {
  const deviceId = localStorage.getItem('deviceId') ?? crypto.randomUUID();
  localStorage.setItem('deviceId', deviceId);
  return deviceId;
}

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
