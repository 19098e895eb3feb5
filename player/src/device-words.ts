/** "Chrome on Linux" for a device that this page has named; any other by its id. */
export function deviceName(deviceId: string): string {
  const [, browser, system] = /^([A-Za-z]+)-([A-Za-z]+)-[0-9a-f]{8}$/.exec(deviceId) ?? [];
  return browser === undefined || system === undefined ? deviceId : `${browser} on ${system}`;
}

/** "tab 3f2a" for a player that this page has named; any other by its id. */
export function playerName(playerId: string): string {
  const [, short] = /^tab-([0-9a-f]{4})[0-9a-f]{4}$/.exec(playerId) ?? [];
  return short === undefined ? playerId : `tab ${short}`;
}
