/**
 * Pairs a device with an account: prints the refresh token that the device keeps. For the account to try out:
 *
 *   export REFRESH_TOKEN=$(npx node examples/http-device/pair.ts http://localhost:3000/config.json)
 *
 * For another, USHER_USERNAME and USHER_PASSWORD say which. A real television would show a code to be entered on a telephone.
 */
import { readConfig } from '../service.ts';
import { signIn } from '../sign-in.ts';

const [configAddress] = process.argv.slice(2);
if (configAddress === undefined)
  throw new Error('node examples/http-device/pair.ts <address of config.json>');

const config = await readConfig(configAddress);
const username = process.env['USHER_USERNAME'] ?? config.demoUser?.username;
const password = process.env['USHER_PASSWORD'] ?? config.demoUser?.password;
if (!username || !password) throw new Error('Say who: USHER_USERNAME=… USHER_PASSWORD=…');

const user = await signIn(config, username, password);
console.log(user.getSignInUserSession()?.getRefreshToken().getToken());
