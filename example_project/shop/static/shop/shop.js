// What each click and each form of the page does to the cart, and how an order is placed.

import { Cart, Refusal } from "./cart.js";
import { $, clearErrors, complain, isFilledIn, lead, page, say, showCart, showErrors, showProblem } from "./show.js";
import { declineOf, describe, money, sentence, summary, whatNext, whyNotOrdered } from "./words.js";

const panel = $("#cart");
const cart = new Cart(panel.dataset.url, JSON.parse($("#cart-data").textContent));
const PATIENT_QUESTIONS = 8;

// A real provider's script takes the card's number here and hands back such a token: the number never reaches the shop.
const collect = {
  PretendCard: async (form) => ({ card_token: form.elements.card_token.value }),
};

const saved = {
  address: "The address is saved.",
  payment_method: "The card is chosen.",
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
    if (refusal.status === 404) await cart.load().catch(() => {});
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

async function placeOrder() {
  if (page.isPlacing) return;
  const shownTotal = cart.data.grand_total;
  Object.assign(page, { isPlacing: true, declined: "" });
  $("#problem").hidden = true;
  say("");
  showCart(cart);
  let isOrdered = false;
  try {
    isOrdered = await askForOrder(shownTotal);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    await cart.load().catch(() => {});
    if (refusal.body?.reason === "payment") page.declined = declineOf(refusal.body);
    showProblem(...whyNotOrdered(refusal));
  }
  page.isPlacing = isOrdered;
  showCart(cart);
}

// Ask until there is an outcome, and go to the order's page if there is an order. Resolves to whether there is one.
async function askForOrder(shownTotal) {
  for (let asked = 1; ; asked += 1) {
    const answer = await cart.checkout(() => (asked === 1 ? mayOrder(shownTotal) : cart.isUndecided));
    if (answer === null) return false;
    if (answer.status === 200) {
      say("Your order is placed.");
      location.assign(answer.body.url ?? location.href);
      return true;
    }
    if (asked === PATIENT_QUESTIONS || answer.body.reason !== "pending") {
      showProblem("The payment is not decided yet.", "Press the button again later: you will not be charged twice.");
      return false;
    }
    say("The bank has not answered yet. Please wait.");
    await new Promise((resolve) => setTimeout(resolve, 1000 * (answer.retryAfter ?? 1)));
  }
}

// Asked when everything that was changed before has been written: is it the cart that the shopper has seen?
function mayOrder(shownTotal) {
  const { is_complete, incomplete_reasons, grand_total, currency } = cart.data;
  if (cart.isUndecided) return true;
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

// ------------------------------------------------------------------------------------------------------------ listening

const onClick = {
  less: (button) => step(button, -1),
  more: (button) => step(button, +1),
  remove: (button) => removeLine(button.closest("[data-url]")),
  removeCoupon: (button) => removeCoupon(button.dataset.url),
  edit: (button) => openForm($("#address-form"), choiceAt(button.closest("[data-url]").dataset.url)),
  delete: (button) => deleteChoice(button.closest("[data-url]")),
  checkout: () => placeOrder(),
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
  if (event.target.id === "email-form") saveEmail(event.target);
  else saveForm(event.target);
});

cart.addEventListener("change", () => showCart(cart));
cart.addEventListener("busy", () => {
  panel.setAttribute("aria-busy", cart.busy > 0);
  if (!cart.busy) showCart(cart);
});

// Another tab, or the order's own page, may have changed the cart while this page was out of sight.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") cart.load().catch(() => {});
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

new IntersectionObserver(([{ isIntersecting }]) => ($("#cart-link").hidden = isIntersecting)).observe(panel);

showCart(cart);
try {
  await cart.load();
} catch (refusal) {
  complain(sentence(refusal));
}
if (cart.isUndecided && cart.data.is_complete) {
  const again = "Press the button to send it again: you will not be charged twice.";
  showProblem("Your last order may not have arrived.", again);
} else if (cart.isUndecided) {
  placeOrder(); // nothing could be ordered now: this can only find out what became of it
}
