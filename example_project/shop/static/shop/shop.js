// What each click and each form of the page does to the cart, and how an order is placed.

import { Cart } from "./cart.js";
import { Payments } from "./payments.js";
import { Refusal } from "./requests.js";
import {
  $,
  clearErrors,
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
} from "./show.js";
import { declineOf, describe, money, sentence, summary, whatNext, whyNotOrdered } from "./words.js";

const panel = $("#cart");
const cart = new Cart(panel.dataset.url, JSON.parse($("#cart-data").textContent));
const payments = new Payments();

// A real provider's script takes the card's number here and hands back such a token: the number never reaches the shop.
const collect = {
  PretendCard: async (form) => ({ card_token: form.elements.card_token.value }),
};

// What a shopper has to do for a payment, by its type. Whatever is not said here is shown beside the order.
const act = {
  PretendCard: ({ url }) => location.assign(url), // the bank's page; it sends the browser back here
};

const saved = {
  address: "The address is saved.",
  payment_method: "The way to pay is chosen.",
  adjustment: "The coupon is applied.",
};

// ------------------------------------------------------------------------------------------------------------ changing

// Write, and say how it went. Resolves to whether it was done.
async function change(method, url, body, done, form = null) {
  try {
    await cart.write(method, url, body);
    $("#problem").hidden = true;
    say(done());
    return true;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    if (refusal.status === 404) await reload();
    if (form && refusal.status === 400) showErrors(form, refusal.body);
    else complain(sentence(refusal));
    return false;
  }
}

function addWine({ add, type, wine }) {
  const body = { type, data: { wine: Number(add), quantity: 1 } };
  return change("POST", cart.data.new_item_url, body, () => `${wine} is in your cart: ${summary(cart.data)}.`);
}

function setQuantity(line, quantity) {
  const input = $("input", line);
  input.value = quantity;
  if (!input.checkValidity()) {
    input.value = line.dataset.quantity;
    complain(`Choose between ${input.min} and ${input.max} bottles.`);
    return;
  }
  const body = { data: { quantity: Number(input.value) } };
  change("PATCH", line.dataset.url, body, () => `Your cart: ${summary(cart.data)}.`);
}

async function removeLine(line) {
  const neighbour = line.nextElementSibling ?? line.previousElementSibling;
  const name = $(".what a", line).textContent;
  const done = () => `${name} was removed. Your cart: ${summary(cart.data)}.`;
  if (!(await change("DELETE", line.dataset.url, undefined, done))) return;
  if (neighbour) $("[data-action=remove]", neighbour).focus();
  else $("#cart-heading").focus();
}

async function removeCoupon(url) {
  const done = () => `The coupon was removed. Your cart: ${summary(cart.data)}.`;
  if (await change("DELETE", url, undefined, done)) $("#coupon").focus();
}

async function saveEmail(form) {
  if (!isFilledIn(form)) return;
  const email = form.elements.email.value || null;
  if (email === cart.data.email) return;
  const done = () => `${email ? "The e-mail address is saved." : "The e-mail address is gone."} ${whatNext(cart.data)}`;
  await change("PATCH", cart.url, { email }, done, form);
}

async function saveForm(form) {
  if (!isFilledIn(form)) return;
  const { kind, type, url } = form.dataset;
  const data = collect[type] ? await collect[type](form) : Object.fromEntries(new FormData(form));
  const done = () => `${saved[kind]} ${whatNext(cart.data)}`;
  if (kind === "payment_method") page.declined = "";
  const isSaved = url
    ? await change("PATCH", url, { data }, done, form)
    : await change("POST", cart.data[`new_${kind}_url`], { type, data }, done, form);
  if (!isSaved) return;
  closeForm(form);
  ($(`input[name=${kind}]:checked`) ?? $("input", form)).focus();
}

function openForm(form, { url = "", data = {} } = {}) {
  closeForm(form);
  page.openForms.add(form.id);
  form.dataset.url = url;
  for (const [name, value] of Object.entries(data)) form.elements[name].value = value;
  $("h4", form).textContent = url ? form.dataset.editTitle : form.dataset.title;
  showCart(cart);
  $("input, select", form).focus();
}

function closeForm(form) {
  page.openForms.delete(form.id);
  form.reset();
  clearErrors(form);
  form.dataset.url = "";
  showCart(cart);
}

function choose(radio) {
  const { url } = radio.closest("[data-url]").dataset;
  if (radio.name === "payment_method") page.declined = "";
  change("PATCH", url, { selected: true }, () => `Chosen: ${inOneLine(url)}.`);
}

async function deleteChoice(choice) {
  const { field } = choice.closest("[data-field]").dataset;
  const text = inOneLine(choice.dataset.url);
  const done = () => `Deleted: ${text}. ${whatNext(cart.data)}`;
  if (await change("DELETE", choice.dataset.url, undefined, done)) lead(field);
}

function choiceAt(url) {
  return [...cart.data.delivery_addresses, ...cart.data.payment_methods].find((entry) => entry.url === url);
}

function inOneLine(url) {
  return describe(choiceAt(url) ?? { type: "" }).replace("\n", ", ");
}

// ------------------------------------------------------------------------------------------------------------ ordering

async function placeOrder(terms = undefined) {
  if (page.isPlacing) return;
  const shownTotal = cart.data.grand_total;
  Object.assign(page, { isPlacing: true, declined: "" });
  $("#problem").hidden = true;
  say("");
  showCart(cart);
  let leaves = false;
  try {
    const answer = await cart.checkout(() => mayOrder(shownTotal), terms);
    leaves = answer !== null && carryOn(answer);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    const isThere = await reload();
    if (refusal.body?.reason === "payment") page.declined = declineOf(refusal.body);
    showProblem(...whyNotOrdered(refusal));
    if (!isThere) findOut();
  }
  page.isPlacing = leaves;
  showCart(cart);
}

// The shop is away, and with it the answer. As soon as it is back it knows what became of the order.
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

function reload() {
  return cart.load().then(() => true, () => false);
}

// Do what the answer to a checkout asks for. Returns whether the browser leaves the page.
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
    act[payment_method](action);
    return true;
  }
  leadToPayment(checkout.url);
  return false;
}

// Asked when everything that was changed before has been written: is it the cart that the shopper has seen?
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
    lead(incomplete_reasons[0].field);
    return false;
  }
  if (grand_total !== shownTotal) {
    showProblem("The total has changed.", `It is now ${money(grand_total, currency)}. Please look at it, then order.`);
    return false;
  }
  return true;
}

// ------------------------------------------------------------------------------------------------------------ waiting

// Ask how the payment of an order stands, with what the shopper brought from where it was paid, and carry on from there.
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

// The server has found out how an order ended while the shopper waited, or bought something else.
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

// An order that waits is known by the cart, and one beside which another was begun by this browser alone.
function takeUp({ pending_checkout }) {
  if (pending_checkout && !page.isPlacing) payments.note(pending_checkout);
  else showPayments(payments, cart.data);
}

// ------------------------------------------------------------------------------------------------------------ listening

const onClick = {
  less: (button) => step(button, -1),
  more: (button) => step(button, +1),
  remove: (button) => removeLine(button.closest("[data-url]")),
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
    lead(link.dataset.leadsTo);
  }
  const button = event.target.closest("button");
  if (!button) return;
  const { add, action, opens, closes } = button.dataset;
  if (add) addWine(button.dataset);
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
  if (target.id === "email") saveEmail(target.form);
});

panel.addEventListener("submit", (event) => {
  event.preventDefault();
  const { id, dataset } = event.target;
  if (id === "email-form") saveEmail(event.target);
  else if ("reference" in dataset) goOn(event.target.closest("[data-url]").dataset.url, event.target);
  else saveForm(event.target);
});

cart.addEventListener("change", () => {
  showCart(cart);
  takeUp(cart.data);
});
payments.addEventListener("change", () => showPayments(payments, cart.data));
payments.addEventListener("decided", ({ detail }) => hear(detail));
cart.addEventListener("busy", () => {
  panel.setAttribute("aria-busy", cart.busy > 0);
  if (!cart.busy) showCart(cart);
});

// Another tab, or the order's own page, may have changed the cart while this page was out of sight.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") reload();
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
if (new URLSearchParams(location.search).has("payment")) {
  // Back from the bank.
  history.replaceState(null, "", location.pathname);
  for (const { url, payment_method } of payments.waiting) if (act[payment_method]) goOn(url);
} else if (cart.isUndecided && cart.data.is_complete) {
  const again = "Press the button to send it again: you will not be charged twice.";
  showProblem("Your last order may not have arrived.", again);
} else if (cart.isUndecided) {
  placeOrder(); // nothing could be ordered now: this can only find out what became of it
}
