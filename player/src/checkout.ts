import type { Product } from '../../shared/domain/catalog.ts';
import { element, part, replaceContents } from './element.ts';
import { sentenceOf } from './problem-words.ts';

interface Offer {
  readonly products: readonly Product[];
  /** Products that the account holds already. */
  readonly held: ReadonlySet<string>;
  /** The product to begin with. */
  readonly chosen: string | undefined;
  /** Resolves when the payment side has reported the purchase. Absent: purchases come from a real provider. */
  readonly pay: ((product: Product) => Promise<void>) | undefined;
}

export interface Checkout {
  open(offer: Offer): void;
  close(): void;
}

/** The stand-in for a payment provider's checkout. Pressing Pay reports the purchase and closes it. */
export function createCheckout(): Checkout {
  const dialog = part('checkout', HTMLDialogElement);
  const form = part('checkout-form', HTMLFormElement);
  const error = part('checkout-error', HTMLElement);
  const payButton = part('pay', HTMLButtonElement);
  let offered: Offer | undefined;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const productId = new FormData(form).get('product');
    const product = offered?.products.find((candidate) => candidate.productId === productId);
    if (product && offered?.pay) void submit(product, offered.pay);
  });

  return { open, close: () => dialog.close() };

  function open(offer: Offer): void {
    offered = offer;
    const { products, held, chosen, pay } = offer;
    const available = products.filter(({ productId }) => !held.has(productId));
    const first = available.find(({ productId }) => productId === chosen) ?? available[0];
    part('checkout-stand-in', HTMLElement).hidden = pay === undefined;
    part('checkout-elsewhere', HTMLElement).hidden = pay !== undefined;
    payButton.hidden = pay === undefined;
    payButton.disabled = first === undefined;
    error.textContent = '';
    replaceContents(
      part('products', HTMLElement),
      element('legend', {}, pay ? 'What would you like?' : 'What is on sale'),
      ...products.map((product) =>
        choice(product, { held: held.has(product.productId), chosen: product === first }),
      ),
    );
    if (!dialog.open) dialog.showModal();
    form.querySelector<HTMLInputElement>('input:checked')?.focus();
  }

  async function submit(product: Product, pay: (product: Product) => Promise<void>): Promise<void> {
    payButton.disabled = true;
    error.textContent = '';
    try {
      await pay(product);
      dialog.close();
    } catch (reason) {
      error.textContent = sentenceOf(reason);
    } finally {
      payButton.disabled = false;
    }
  }
}

function choice(product: Product, { held, chosen }: { held: boolean; chosen: boolean }): HTMLElement {
  const { productId, title, description } = product;
  return element(
    'label',
    { class: held ? 'product held' : 'product' },
    element('input', { type: 'radio', name: 'product', value: productId, checked: chosen, disabled: held }),
    element('span', { class: 'product-title' }, held ? `${title} (yours already)` : title),
    element('span', { class: 'product-text' }, description ?? ''),
  );
}
