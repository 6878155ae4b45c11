// The page's part: show the result of a checkout, and do what the payment method asks for.

export function show(answer, page, hasReturned = false) {
  switch (answer.status) {
    case 200:
      if (answer.body.reason === "cancelled") return page.say("Nothing was charged. Your cart is as it was.");
      return page.goTo(answer.body.url);
    case 202:
      if (answer.body.duplicate) return page.ask("You have ordered the same already. Once more?", answer.body);
      if (answer.body.reason === "action_required") return act(answer.body, page, hasReturned);
      if (answer.body.checkout.state === "unknown") {
        return page.say(`We are finding out what became of your payment. Your order has the number ${answer.body.id}.`);
      }
      return page.say("Your payment is not decided yet. This page may be closed.");
    case 422:
      return page.say(answer.body.info?.message ?? "This cannot be ordered yet.");
    default:
      return page.say("Please try again.");
  }
}

function act({ info, checkout }, page, hasReturned) {
  if (!info.redirect_to) return page.askForReference(info, checkout);
  if (hasReturned) return page.offer("Your payment is not finished.", info.redirect_to, checkout);
  return page.goTo(info.redirect_to);
}
