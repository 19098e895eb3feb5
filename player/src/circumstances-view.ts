import type { Circumstances } from '../../shared/domain/access.ts';
import { DEVICE_TYPES, type Catalog } from '../../shared/domain/catalog.ts';
import { element, part, replaceContents } from './element.ts';
import { whereOn } from './titles.ts';
import { countryName } from './words.ts';

/** Where and on what the catalogue is looked at. The service decides for itself when something is to be played. */
export type Place = Pick<Circumstances, 'region' | 'deviceType'>;

const UNKNOWN = '';

/** Tells of each choice. */
export function hearCircumstances(onChange: (place: Place) => void): void {
  const device = part('device-type', HTMLSelectElement);
  const region = part('region', HTMLSelectElement);
  part('circumstances', HTMLFormElement).addEventListener('change', () => {
    onChange({
      deviceType: DEVICE_TYPES.find((type) => type === device.value) ?? 'web',
      region: region.value === UNKNOWN ? undefined : region.value,
    });
  });
}

/** Offers every device, and every country that the catalogue speaks of. */
export function offerCircumstances({ contents, products }: Catalog, place: Place): void {
  const device = part('device-type', HTMLSelectElement);
  const region = part('region', HTMLSelectElement);
  const limited = [...contents, ...products].flatMap(({ regions }) => regions ?? []);
  const codes = [...new Set([...limited, ...(place.region === undefined ? [] : [place.region])])];
  const named = codes.map((code) => ({ code, name: countryName(code) }));

  replaceContents(
    device,
    ...DEVICE_TYPES.map((type) =>
      element('option', { value: type, selected: type === place.deviceType }, whereOn(type)),
    ),
  );
  replaceContents(
    region,
    ...named
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
      .map(({ code, name }) => element('option', { value: code, selected: code === place.region }, name)),
    element('option', { value: UNKNOWN, selected: place.region === undefined }, countryName(undefined)),
  );
}
