"""Settings that the page of the stock extension shows."""

LORIKEET_CART_SECTIONS = ["lorikeet.extensions.stock.sections.ExpirySection"]
