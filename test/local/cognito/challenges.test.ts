import { AuthenticationDetails } from 'amazon-cognito-identity-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { browserUser, PASSWORD, post, start, type Running } from './stand-in.ts';
import { confirmedUser } from './users.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
  await confirmedUser(running, 'mia@example.com');
});
afterEach(() => running.stop());

type Send = (operation: string, parameters: object, callback: (...answer: unknown[]) => void) => void;

/** A right response to an SRP challenge, made by amazon-cognito-identity-js and held back before it is sent. */
function heldBackProof(): Promise<Record<string, unknown>> {
  const user = browserUser(running, 'mia@example.com');
  const wire = (user as unknown as { client: { request: Send } }).client;
  const send: Send = wire.request.bind(wire);
  return new Promise((resolve, reject) => {
    wire.request = (operation, parameters, callback) => {
      if (operation === 'RespondToAuthChallenge') resolve({ ...parameters });
      else send(operation, parameters, callback);
    };
    const details = new AuthenticationDetails({ Username: 'mia@example.com', Password: PASSWORD });
    user.authenticateUser(details, { onSuccess: reject, onFailure: reject });
  });
}

const respond = async (proof: Record<string, unknown>) =>
  (await post(running.standIn.url, 'RespondToAuthChallenge', JSON.stringify(proof))).body;
const refused = { __type: 'NotAuthorizedException', message: 'Incorrect username or password.' };

describe('the right response to a challenge', () => {
  it('counts once', async () => {
    const proof = await heldBackProof();
    expect(await respond(proof)).toHaveProperty('AuthenticationResult');
    expect(await respond(proof)).toMatchObject(refused);
  });

  it('counts for three minutes', async () => {
    const [early, late] = [await heldBackProof(), await heldBackProof()];
    running.clock.nowMs += 179_999;
    expect(await respond(early)).toHaveProperty('AuthenticationResult');
    running.clock.nowMs += 1;
    expect(await respond(late)).toMatchObject(refused);
  });

  it('counts for the client that was challenged', async () => {
    const { standIn, userPoolId } = running;
    const { clientId } = standIn.ensureUserPoolClient({ name: 'Other', userPoolId, properties: {} });
    expect(await respond({ ...(await heldBackProof()), ClientId: clientId })).toMatchObject(refused);
  });
});
