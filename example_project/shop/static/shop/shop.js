// Placing and paying an order, and what each click and each form calls.

import {
  addWine,
  cart,
  choiceAt,
  choose,
  closeForm,
  complainOf,
  deleteChoice,
  keepLonger,
  newShortage,
  openForm,
  panel,
  reload,
  removeCoupon,
  removeLine,
  saveEmail,
  saveOnce,
  setQuantity,
  stripeKey,
  takeWhatIsLeft,
  updateStripe,
} from "./changes.js";
import { termsOf } from "./cart.js";
import { Payments } from "./payments.js";
import { Refusal } from "./requests.js";
import {
  $,
  complain,
  isFilledIn,
  lead,
  leadToPayment,
  page,
  say,
  showCart,
  showErrors,
  showPayments,
  showProblem,
  showStock,
} from "./show.js";
import { fetchStock, keptFor, nextLook, shortages } from "./stock.js";
import { approve } from "./stripe.js";
import { declineOf, keptNoMore, money, sentence, whatNext, whyNotOrdered } from "./words.js";

const payments = new Payments();

// What a shopper has to do for a payment, by its type. For other types it is shown beside the order.
const act = {
  PretendCard: ({ url }) => location.assign(url), // the bank's page; it sends the browser back here
  StripeCard: async (action, url) => {
    try {
      await approve(action, stripeKey());
      page.isPlacing = false;
      await goOn(url);
    } catch (problem) {
      page.isPlacing = false;
      complainOf(problem);
      showCart(cart);
      leadToPayment(url);
    }
  },
};

// ------------------------------------------------------------------------------------------------------------ ordering

async function placeOrder(terms = undefined, patience = 3) {
  if (page.isPlacing) return;
  const shownTotal = cart.data.grand_total;
  const shown = termsOf(cart.data);
  Object.assign(page, { isPlacing: true, declined: "" });
  $("#problem").hidden = true;
  say("");
  showCart(cart);
  let leaves = false;
  try {
    if (shortages(cart.data).length) await reload(); // it may be in stock again
    const answer = await cart.checkout(() => mayOrder(shownTotal), terms);
    leaves = answer !== null && carryOn(answer);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    const isThere = await reload();
    const isAsShown = isThere && cart.data.is_complete && termsOf(cart.data) === shown;
    if (refusal.status === 412 && isAsShown && patience) {
      page.isPlacing = false;
      return placeOrder(terms, patience - 1);
    }
    if (refusal.body?.reason === "payment") page.declined = declineOf(refusal.body);
    newShortage();
    showProblem(...whyNotOrdered(refusal, shortages(cart.data)));
    if (!isThere) findOut();
  }
  page.isPlacing = leaves;
  showCart(cart);
}

// The shop does not answer. As soon as it does, it knows what became of the order.
async function findOut() {
  do await new Promise((resolve) => setTimeout(resolve, 3000));
  while (!(await reload()));
  const { pending_checkout, is_complete } = cart.data;
  if (cart.isUndecided && !is_complete) await placeOrder();
  if (!pending_checkout) return;
  $("#problem").hidden = true;
  payments.note(pending_checkout, { isPending: true, isFollowed: true });
  leadToPayment(pending_checkout.url);
}

// Act on the answer to a checkout. Returns whether the browser leaves the page.
function carryOn({ status, body }) {
  if (status === 200) {
    say("Your order is placed.");
    location.assign(body.url ?? location.href);
    return true;
  }
  const { checkout, reason, info, payment_method, duplicate } = body;
  const action = reason === "action_required" ? info : null;
  const asked = { isFollowed: true, isBusy: false };
  payments.note(checkout, { ...asked, action, isPending: action === null, isDuplicate: duplicate });
  if (action && !duplicate && act[payment_method]) {
    say("Your bank asks you to approve the payment: this page takes you there.");
    act[payment_method](action, checkout.url);
    return true;
  }
  leadToPayment(checkout.url);
  return false;
}

// Called when all earlier changes have been written. Returns whether this is the cart that the shopper has seen.
function mayOrder(shownTotal) {
  const { is_complete, incomplete_reasons, grand_total, currency, pending_checkout } = cart.data;
  if (cart.isUndecided) return true;
  if (pending_checkout && act[pending_checkout.payment_method]) {
    complain("Another order waits for its payment. Go on with it or cancel it, then order this.");
    leadToPayment(pending_checkout.url);
    return false;
  }
  if (!is_complete) {
    complain(`The order cannot be placed yet. ${whatNext(cart.data)}`);
    lead(incomplete_reasons[0].field, incomplete_reasons[0].data?.item);
    return false;
  }
  if (grand_total !== shownTotal) {
    showProblem("The total has changed.", `It is now ${money(grand_total, currency)}. Please look at it, then order.`);
    return false;
  }
  return true;
}

// ------------------------------------------------------------------------------------------------------------ waiting

// Ask for the state of an order's payment, send what the shopper brought from the provider, and act on the answer.
async function goOn(url, form = null) {
  if (form && !isFilledIn(form)) return;
  const data = form ? { reference: form.elements.reference.value.toUpperCase() } : undefined;
  await conclude(url, (entry) => payments.confirm(entry, data), form);
}

function giveUp(url) {
  return conclude(url, (entry) => payments.cancel(entry));
}

function orderAgain(url) {
  payments.note({ url }, { isDuplicate: false });
  return placeOrder({ confirm_duplicate: true });
}

async function conclude(url, ask, form = null) {
  const entry = payments.get(url);
  if (!entry || entry.isBusy || page.isPlacing) return;
  payments.note(entry, { isBusy: true, isFollowed: true });
  try {
    const answer = await ask(entry);
    if (answer.body.reason === "cancelled") await takeBack(entry);
    else page.isPlacing = finish(url, answer);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    await explain(entry, refusal, form);
  }
}

function finish(url, answer) {
  if (answer.status === 200) {
    payments.forget(url);
    cart.forgetCheckout();
  }
  return carryOn(answer);
}

async function takeBack({ url, order }) {
  await letGo(url);
  say(`Order ${order} is cancelled. Its wines are in your cart again.`);
  $("#cart-heading").focus();
}

async function letGo(url) {
  payments.forget(url);
  cart.forgetCheckout();
  await reload();
}

async function explain({ url }, refusal, form) {
  if (refusal.status === 422) {
    await letGo(url);
    page.declined = declineOf(refusal.body);
    showCart(cart);
    showProblem(...whyNotOrdered(refusal));
    return;
  }
  if (refusal.status === 404) {
    await letGo(url);
    return;
  }
  payments.note({ url }, { isBusy: false });
  if (form && refusal.status === 400) showErrors(form, refusal.body);
  else complain(sentence(refusal));
}

// The server knows how an order ended, while the shopper waited or bought something else.
async function hear(url) {
  const entry = payments.get(url);
  if (entry.isBusy || page.isPlacing) return;
  if (entry.isFollowed && cart.data.items.length === 0) {
    await goOn(url);
    return;
  }
  try {
    const { body } = await payments.confirm(entry);
    cart.forgetCheckout();
    payments.note({ url, state: "placed" }, { href: body.url });
    await cart.load();
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    await explain(entry, refusal, null);
  }
}

// The cart names the order that waits. An earlier one that waits too is known to this browser alone.
function takeUp({ pending_checkout }) {
  if (pending_checkout && !page.isPlacing) payments.note(pending_checkout);
  else showPayments(payments, cart.data);
}

// --------------------------------------------------------------------------------------------------------------- stock

let look;

// Load the cart again when its rare wines are no longer kept, and at intervals while other shoppers may buy them.
function followStock() {
  clearTimeout(look);
  const seconds = nextLook(cart.data);
  if (seconds !== null) look = setTimeout(lookAgain, 1000 * seconds);
  fetchStock(panel.dataset.stockUrl).then((wines) => showStock(wines, cart.data), () => {});
}

async function lookAgain() {
  if (document.visibilityState === "hidden") return; // it is loaded when the page is visible again
  const wasKept = keptFor(cart.data) > 0;
  if (!(await reload())) return followStock();
  const short = newShortage();
  if (short) complain(short);
  else if (wasKept && keptFor(cart.data) === 0) say(keptNoMore(cart.data));
}

// ------------------------------------------------------------------------------------------------------------ listening

const onClick = {
  less: (button) => step(button, -1),
  more: (button) => step(button, +1),
  remove: (button) => removeLine(button.closest("[data-url]")),
  take: (button) => takeWhatIsLeft(button.closest("[data-url]")),
  keep: (button) => keepLonger(button.closest("[data-url]")),
  removeCoupon: (button) => removeCoupon(button.dataset.url),
  edit: (button) => openForm($("#address-form"), choiceAt(button.closest("[data-url]").dataset.url)),
  delete: (button) => deleteChoice(button.closest("[data-url]")),
  checkout: () => placeOrder(),
  goOn: (button) => goOn(button.dataset.checkout),
  giveUp: (button) => giveUp(button.dataset.checkout),
  orderAgain: (button) => orderAgain(button.dataset.checkout),
  forget: (button) => payments.forget(button.dataset.checkout),
  dismiss: () => complain(""),
};

function step(button, difference) {
  const line = button.closest("[data-url]");
  if (button.getAttribute("aria-disabled") !== "true") setQuantity(line, Number($("input", line).value) + difference);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-leads-to]");
  if (link) {
    event.preventDefault();
    lead(link.dataset.leadsTo, link.dataset.item);
  }
  const button = event.target.closest("button");
  if (!button) return;
  const { add, action, opens, closes } = button.dataset;
  if (add) addWine(button.dataset, button.getAttribute("aria-disabled") === "true");
  if (action) onClick[action](button);
  if (opens) openForm($(`#${opens}`));
  if (closes) {
    closeForm($(`#${closes}`));
    $(`[data-opens=${closes}]`).focus();
  }
});

panel.addEventListener("change", ({ target }) => {
  if (target.closest(".line")) setQuantity(target.closest(".line"), target.value);
  if (target.type === "radio") choose(target);
  if (target.name === "reusable") updateStripe();
  if (target.id === "email") saveEmail(target.form);
});

panel.addEventListener("submit", (event) => {
  event.preventDefault();
  const { id, dataset } = event.target;
  if (id === "email-form") saveEmail(event.target);
  else if ("reference" in dataset) goOn(event.target.closest("[data-url]").dataset.url, event.target);
  else saveOnce(event.target);
});

cart.addEventListener("change", () => {
  showCart(cart);
  updateStripe();
  takeUp(cart.data);
  followStock();
});
payments.addEventListener("change", () => showPayments(payments, cart.data));
payments.addEventListener("decided", ({ detail }) => hear(detail));
cart.addEventListener("busy", () => {
  panel.setAttribute("aria-busy", cart.busy > 0);
  if (!cart.busy) showCart(cart);
});

// Another tab, or the order's own page, may have changed the cart while this page was hidden.
document.addEventListener("visibilitychange", () => {
  lookAgain();
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

new IntersectionObserver(([{ isIntersecting }]) => ($("#cart-link").hidden = isIntersecting)).observe(panel);

showCart(cart);
showPayments(payments, cart.data);
try {
  await cart.load();
} catch (refusal) {
  complain(sentence(refusal));
}
if (/[?&]payment(_intent)?=/.test(location.search)) {
  // Back from the bank.
  history.replaceState(null, "", location.pathname);
  for (const { url, payment_method } of payments.waiting) if (act[payment_method]) goOn(url);
} else if (cart.isUndecided && cart.data.is_complete) {
  const again = "Press the button to send it again: you will not be charged twice.";
  showProblem("Your last order may not have arrived.", again);
} else if (cart.isUndecided) {
  placeOrder(); // the cart cannot be ordered now, so this only finds out what became of the last order
}
