// What the page says: amounts, names and sentences. It touches neither the page nor the cart.

export function money(amount, currency) {
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency });
  return format.format(amount).replace("-", "−");
}

export function wineName({ name, vintage }) {
  return `${name} ${vintage ?? "NV"}`;
}

const brands = { amex: "American Express", mastercard: "Mastercard", visa: "Visa" };

// How each type of address and payment method is written. A further type is one more line.
const descriptions = {
  AustralianDeliveryAddress: (data) =>
    `${data.addressee}\n${data.address}, ${data.suburb} ${data.state} ${data.postcode}`,
  PretendCard: (data) => `${data.brand} ending in ${data.last4}, expires ${data.expiry}`,
  StripeCard: ({ brand, last4, exp_month, exp_year, reusable }) =>
    `${brands[brand] ?? brand} ending in ${last4}, expires ${`${exp_month}`.padStart(2, 0)}/${exp_year % 100}, ` +
    `by Stripe${reusable ? ", kept for later orders" : ""}`,
  PretendWallet: () => "Pretend Wallet, paid on its own page",
};

export function describe({ type, data }) {
  return descriptions[type]?.(data) ?? type;
}

export function summary({ items, grand_total, currency }) {
  const bottles = items.reduce((sum, { data }) => sum + data.quantity, 0);
  if (bottles === 0) return "nothing yet";
  return `${bottles} ${bottles === 1 ? "bottle" : "bottles"}, ${money(grand_total, currency)}`;
}

// What is shown beside a line that asks for more than is left, and on the button that takes what is left.
export function shortage(left) {
  if (left === 0) return "None is left.";
  return left === 1 ? "Only 1 is left." : `Only ${left} are left.`;
}

export function kept(expires_at, isKept) {
  return isKept ? `Kept for you until ${clock(expires_at)}.` : "Not kept for you any more: others can buy it too.";
}

export function keptNoMore({ items }) {
  const rare = items.filter(({ data }) => data.wine?.is_kept_in_cart).map(({ data }) => wineName(data.wine));
  return `Not kept for you any more: ${rare.join(", ")}. Others can buy it too.`;
}

export function messages(reasons) {
  return reasons.map(({ message }) => message).join(" ");
}

export function whatNext({ incomplete_reasons }) {
  return incomplete_reasons[0]?.message ?? "You can place the order now.";
}

export function firstMessage(errors) {
  if (typeof errors === "string") return errors;
  if (errors === null || typeof errors !== "object") return undefined;
  return Object.values(errors).map(firstMessage).find(Boolean);
}

// Why something could not be done, for each way in which the cart refuses.
export function sentence({ status, body, retryAfter }) {
  if (status === 0) return "The shop cannot be reached. Check your connection, then try again.";
  if (status === 403)
    return "This page is out of date, perhaps because you signed in or out elsewhere. Reload it, then try again.";
  if (status === 404) return "That is no longer there. This is your cart as it is now.";
  if (status === 409 && Array.isArray(body?.info)) return messages(body.info);
  if (status === 412)
    return "Your cart or a price has changed since you saw it. Please look at the total, then order again.";
  if (status === 429) return `That was tried too often. Please wait ${duration(retryAfter)}, then try again.`;
  if (status === 503) return "That cannot be done just now, and nothing has changed. Please try again in a moment.";
  if (status >= 500) return "Something went wrong in the shop. Please try again.";
  return firstMessage(body) ?? "The shop could not do that.";
}

// Why an order could not be placed: a title and what to do. `short` is what the cart has too little of by now.
export function whyNotOrdered(refusal, short = []) {
  const { status, body } = refusal;
  const reasons = Array.isArray(body?.info) ? messages(body.info) : "";
  const again = "Press the button again to find out: you will not be charged twice.";
  if (body?.reason === "payment" && body.info?.code === "wrong_amount")
    return [declineOf(body), "It is paid back to you, and your cart is as it was."];
  if (body?.reason === "payment")
    return [declineOf(body), "Nothing was charged, and your cart is as it was. Choose how to pay, then order again."];
  if (body?.reason === "incomplete") return ["The order cannot be placed yet.", reasons];
  if ([409, 412].includes(status) && short.length)
    return ["There is less left than you asked for.", `${messages(short)} Nothing was charged.`];
  if (status === 409) return ["Something in your cart is no longer available.", `${reasons} Nothing was charged.`];
  if (status === 0) return ["The answer did not arrive.", `It is not certain whether the order was placed. ${again}`];
  if (status === 503) return ["The shop is very busy just now.", `Please wait a moment. ${again}`];
  if (status >= 500) return ["Something went wrong in the shop.", again];
  return ["Nothing was ordered.", sentence(status === 422 ? { status: 412 } : refusal)];
}

export function declineOf(body) {
  return body.info?.message ?? "The payment was refused.";
}

// What a shopper is told of an order that waits for its payment.
export function whatOfOrder({ state, isBusy, action, isPending, isDuplicate, expires_at }) {
  if (state === "placed") return "Thank you. It is on our list for the next parcel.";
  if (isBusy) return "One moment, please: your payment is being checked.";
  if (state === "unknown")
    return "It is not certain yet whether you were charged. The shop’s staff find out: please do not pay again.";
  if (isDuplicate)
    return "You have ordered the same before, and that order still waits for its payment. Nothing new was ordered.";
  if (action?.key)
    return (
      "Pay on the wallet’s page. It shows you a reference: enter it here. " +
      `You have time until ${clock(expires_at)}, and can buy something else meanwhile.`
    );
  if (isPending)
    return "The payment is not confirmed yet. This page looks again by itself, and you will not be charged twice.";
  return "You can go on with the payment, or cancel the order: then its wines come back to your cart.";
}

export function orderTitle({ order, state }) {
  return state === "placed" ? `Order ${order} is paid` : `Order ${order} waits for its payment`;
}

export function clock(seconds) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
  return format.format(new Date(1000 * seconds));
}

function duration(seconds) {
  if (seconds === null) return "a while";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}
