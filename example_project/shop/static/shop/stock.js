// How much is left, and until when the cart keeps some of it for the shopper. Knows nothing of the page.

import { send } from "./requests.js";

// Seconds between two looks at a cart in which something is short, or could be bought by others.
const PAUSE = 15;

// How many are left of each wine, by its id.
export async function fetchStock(url) {
  return (await send("GET", url)).json();
}

// Why there is less than was asked for, one reason for each line.
export function shortages({ incomplete_reasons }) {
  return incomplete_reasons.filter(({ code }) => code === "out_of_stock");
}

export function shortageOf(url, cart) {
  return shortages(cart).find(({ data }) => data.item === url)?.data;
}

// For how many seconds the cart goes on keeping its rare wines. 0: no longer; null: there are none in it.
export function keptFor({ items, expires_at, generated_at }) {
  if (!items.some(({ data }) => data.wine?.is_kept_in_cart)) return null;
  return Math.max(0, (expires_at ?? 0) - generated_at);
}

// In how many seconds the cart is worth another look, null if it is not.
export function nextLook(cart) {
  const kept = keptFor(cart);
  if (kept) return kept + 0.5;
  return kept === 0 || shortages(cart).length ? PAUSE : null;
}
