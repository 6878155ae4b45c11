// How much is left, and until when the cart keeps wines for the shopper. Knows nothing of the page.

import { send } from "./requests.js";

// Seconds between two requests for a cart in which something is short, or could be bought by other shoppers.
const PAUSE = 15;

// How many are left of each wine, by its id.
export async function fetchStock(url) {
  return (await send("GET", url)).json();
}

// The reasons of the lines that ask for more than is left.
export function shortages({ incomplete_reasons }) {
  return incomplete_reasons.filter(({ code }) => code === "out_of_stock");
}

export function shortageOf(url, cart) {
  return shortages(cart).find(({ data }) => data.item === url)?.data;
}

// For how many more seconds the cart keeps its rare wines. 0: no longer; null: it has none.
export function keptFor({ items, expires_at, generated_at }) {
  if (!items.some(({ data }) => data.wine?.is_kept_in_cart)) return null;
  return Math.max(0, (expires_at ?? 0) - generated_at);
}

// In how many seconds to load the cart again, null for never.
export function nextLook(cart) {
  const kept = keptFor(cart);
  if (kept) return kept + 0.5;
  return kept === 0 || shortages(cart).length ? PAUSE : null;
}
